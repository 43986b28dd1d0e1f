using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

public static partial class Kernel
{
    /// <summary>mmap(2).</summary>
    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int file, long offset);

    /// <summary>munmap(2).</summary>
    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    /// <summary>msync(2).</summary>
    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    public static partial int Synchronize(nint address, nuint length, int flags);

    /// <summary>memcpy(3): a page fault in it does not hold up the runtime, as one of a managed copy would.</summary>
    public static unsafe void Copy(void* to, void* from, nuint length) => _ = CopyBytes(to, from, length);

    [LibraryImport("libc", EntryPoint = "memcpy")]
    private static unsafe partial void* CopyBytes(void* to, void* from, nuint length);
}
