using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Room that comes while an operation without room waits.</summary>
public sealed partial class Volume
{
    private const long OrphanIsRecentMilliseconds = 1000;

    private readonly EventCount roomGains = new();
    private long lastOrphanTime = long.MinValue / 2;

    /// <summary>
    /// Whether a file lost its last name a moment ago, so that its room may be free as soon as its last reference is
    /// dropped.
    /// </summary>
    public bool MayGainRoom =>
        Environment.TickCount64 - Volatile.Read(ref lastOrphanTime) < OrphanIsRecentMilliseconds;

    /// <summary>How often an inode or blocks were freed; wraps around. To be read before an attempt.</summary>
    public int RoomGains => roomGains.Current;

    /// <summary>Waits until an inode or blocks have been freed since <paramref name="seen"/> was read.</summary>
    /// <param name="seen">What <see cref="RoomGains"/> was.</param>
    /// <param name="timeoutInMilliseconds">How long at most.</param>
    public void AwaitRoom(int seen, int timeoutInMilliseconds) => roomGains.Await(seen, timeoutInMilliseconds);

    /// <summary>When a file lost its last name, in the milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    internal void NoteOrphan()
    {
        long now = Environment.TickCount64;
        if (Volatile.Read(ref lastOrphanTime) != now) Volatile.Write(ref lastOrphanTime, now);
    }

    /// <summary>Wakes what waits for room: some was freed.</summary>
    internal void NoteRoom() => roomGains.Signal();
}
