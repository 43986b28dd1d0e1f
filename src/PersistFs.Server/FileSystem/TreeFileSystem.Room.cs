using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>Want of room that is about to end.</summary>
internal sealed partial class TreeFileSystem
{
    /// <summary>With one wait for each, a tree that is really full answers a tenth of a second late at worst.</summary>
    private const int RoomTriesMax = 100;

    private const int RoomWaitMilliseconds = 1;

    /// <summary>
    /// Whether to try again, after a moment, what was refused for want of room. The kernel lets go of a removed file by
    /// a message of its own, which another worker may still have in hand long after unlink(2) has returned: who removes
    /// a file to make room must find it.
    /// </summary>
    /// <param name="error">The answer. With ENOSPC, nothing has changed that doing it again would not change.</param>
    /// <param name="tries">0 at first; counted up here.</param>
    private bool AwaitsRoom(Errno error, ref int tries)
    {
        if (error != Errno.ENOSPC || !volume.MayGainRoom || tries == RoomTriesMax) return false;
        tries++;
        expectWait?.Invoke();
        Thread.Sleep(RoomWaitMilliseconds);
        return true;
    }
}
