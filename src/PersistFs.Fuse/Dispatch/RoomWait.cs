namespace PersistFs.Fuse.Dispatch;

/// <summary>How far one request has waited for room; <see cref="IFileSystem.AwaitRoom"/> fills it.</summary>
public struct RoomWait
{
    /// <summary>Whether the request has been refused before.</summary>
    public bool HasBegun { get; set; }

    /// <summary>When it is refused for good, in ticks of Stopwatch.</summary>
    public long Deadline { get; set; }

    /// <summary>Gains of room before its latest attempt.</summary>
    public int Seen { get; set; }
}
