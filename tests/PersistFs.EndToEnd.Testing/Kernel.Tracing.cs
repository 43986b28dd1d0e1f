using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

public static partial class Kernel
{
    /// <summary>ptrace(2).</summary>
    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    public static partial long Trace(long request, long thread, nint address, nint data);

    /// <summary>waitpid(2).</summary>
    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitFor(int process, out int status, int options);
}
