using System.Runtime.InteropServices;

namespace PersistFs.Testing.EndToEnd;

public static partial class Kernel
{
    /// <summary>ptrace(2).</summary>
    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    public static partial long Trace(long request, long thread, nint address, nint data);

    /// <summary>sched_setscheduler(2): whether a thread, 0 for this one, goes before all that are not urgent.</summary>
    /// <returns>-1 where that is not allowed; it changes nothing but speed.</returns>
    public static long SetUrgent(int thread, bool isUrgent)
    {
        const int Number = 144, Other = 0, FirstInFirstOut = 1;
        int priority = isUrgent ? 1 : 0;
        unsafe
        {
            return SystemCall3(Number, thread, isUrgent ? FirstInFirstOut : Other, (nint)(&priority));
        }
    }

    /// <summary>waitpid(2).</summary>
    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitFor(int process, out int status, int options);
}
