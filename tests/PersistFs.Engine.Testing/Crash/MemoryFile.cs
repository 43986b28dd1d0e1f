using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>Files without a file system: memfd_create(2).</summary>
internal static partial class MemoryFile
{
    private const uint CloseOnExec = 1;

    public static SafeFileHandle Create(string name)
    {
        int descriptor = CreateCore(name, CloseOnExec);
        if (descriptor < 0) throw new InvalidOperationException($"memfd_create: errno {Marshal.GetLastPInvokeError()}");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateCore(string name, uint flags);
}
