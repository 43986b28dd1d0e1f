using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

public static partial class Kernel
{
    /// <summary>inotify_init1(2).</summary>
    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int WatchInit(int flags);

    /// <summary>inotify_add_watch(2).</summary>
    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    public static partial int WatchAdd(int watcher, string path, uint events);
}
