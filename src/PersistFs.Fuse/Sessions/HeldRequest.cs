namespace PersistFs.Fuse.Sessions;

/// <summary>A request that was read and waits to be served; nothing of it has been done.</summary>
/// <param name="Unique">Its number as it was read.</param>
/// <param name="Message">All its bytes.</param>
/// <param name="Deadline">When it is answered with EBUSY, as a timestamp of Stopwatch; never at the maximum.</param>
internal readonly record struct HeldRequest(ulong Unique, byte[] Message, long Deadline)
{
    public const long Never = long.MaxValue;
}
