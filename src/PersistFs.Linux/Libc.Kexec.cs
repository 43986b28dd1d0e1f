using System.Runtime.InteropServices;
using System.Text;

namespace PersistFs.Linux;

/// <summary>A kernel that follows this one without firmware in between.</summary>
public static unsafe partial class Libc
{
    private const int LoadKernelCall = 320;
    private const uint NoInitialFiles = 4;

    /// <summary>kexec_file_load(2): the kernel that reboot(2) will start.</summary>
    /// <param name="kernel">The kernel's file.</param>
    /// <param name="initrd">The initial file system, or -1.</param>
    /// <param name="commandLine">The kernel's command line.</param>
    /// <returns>
    /// EADDRNOTAVAIL when there is no place for it (with KHO: in its scratch memory); ENOEXEC when it is no kernel;
    /// EKEYREJECTED and kin when it has to be signed; EPERM.
    /// </returns>
    public static Errno LoadKernel(int kernel, int initrd, string commandLine)
    {
        byte[] text = [.. Encoding.UTF8.GetBytes(commandLine), 0];
        fixed (byte* bytes = text)
        {
            return Result(LoadKernelCore(
                LoadKernelCall, kernel, initrd, (nuint)text.Length, bytes, initrd < 0 ? NoInitialFiles : 0));
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint LoadKernelCore(
        nint number, nint kernel, nint initrd, nuint commandLineLength, byte* commandLine, nuint flags);
}
