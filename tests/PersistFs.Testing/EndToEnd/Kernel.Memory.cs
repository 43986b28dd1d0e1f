using System.Runtime.InteropServices;

namespace PersistFs.Testing.EndToEnd;

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
}
