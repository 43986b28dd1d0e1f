using System.Diagnostics;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;

namespace PersistFs.Server.FileSystem;

/// <summary>Want of room that is about to end.</summary>
internal sealed partial class TreeFileSystem
{
    /// <summary>A tree that is really full answers so much later at worst.</summary>
    private static readonly long RoomWaitTicks = Stopwatch.Frequency / 10;

    /// <summary>
    /// Waits until room comes. The kernel lets go of a removed file by a message of its own, which another worker may
    /// still have in hand long after unlink(2) has returned: a process that removes a file to make room must find it.
    /// </summary>
    public bool AwaitRoom(in RequestContext context, ref RoomWait wait)
    {
        if (!volume.MayGainRoom) return false;
        int seen = volume.RoomGains;
        if (!wait.HasBegun)
        {
            // Room that came during the first attempt counts: it is repeated at once, and what comes from now on ends
            // the wait.
            wait = new RoomWait { HasBegun = true, Deadline = Stopwatch.GetTimestamp() + RoomWaitTicks, Seen = seen };
            return true;
        }
        long left = wait.Deadline - Stopwatch.GetTimestamp();
        if (left <= 0) return false;
        if (seen == wait.Seen)
        {
            expectWait?.Invoke();
            volume.AwaitRoom(seen, (int)(left * 1000 / Stopwatch.Frequency) + 1);
        }
        wait.Seen = volume.RoomGains;
        return true;
    }
}
