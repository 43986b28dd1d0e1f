using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

public static partial class Kernel
{
    /// <summary>unshare(2).</summary>
    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    /// <summary>syscall(2) with up to three numbers.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long SystemCall3(long number, long first, long second, long third);

    /// <summary>syscall(2) with a count and that many numbers.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long SystemCall3(long number, long count, int[] values);
}
