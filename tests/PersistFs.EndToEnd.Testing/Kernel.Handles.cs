using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace PersistFs.EndToEnd.Testing;

public static partial class Kernel
{
    private const int HandleSizeMax = 128, HandleHeaderSize = 8;

    /// <summary>name_to_handle_at(2): the handle as the kernel filled it in, header included.</summary>
    public static Errno HandleOf(string path, out byte[] handle)
    {
        handle = new byte[HandleHeaderSize + HandleSizeMax];
        BitConverter.TryWriteBytes(handle, HandleSizeMax);
        int result = NameToHandle(WorkingDirectory, path, handle, out _, 0);
        return result == 0 ? 0 : Stdlib.GetLastError();
    }

    /// <summary>open_by_handle_at(2).</summary>
    [LibraryImport("libc", EntryPoint = "open_by_handle_at", SetLastError = true)]
    public static partial int OpenHandle(int mount, byte[] handle, int flags);

    [LibraryImport("libc", EntryPoint = "name_to_handle_at", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NameToHandle(int directory, string path, byte[] handle, out int mountId, int flags);
}
