using Microsoft.Win32.SafeHandles;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>Makes the segments of an arena that is a row of them, and sees to it that somebody keeps them.</summary>
public abstract class SegmentStore
{
    /// <summary>
    /// Whether a segment keeps all of its memory as long as it exists, so that no part of it can be given back.
    /// </summary>
    public abstract bool IsPinned { get; }

    /// <summary>
    /// Makes a segment and gives it into keeping, all of it: a process that ends right after this leaves a segment that
    /// no arena knows of, and its successor drops it.
    /// </summary>
    /// <param name="index">Its place in the row.</param>
    /// <param name="lengthInBytes">Its size.</param>
    /// <param name="segment">An open file of this process alone, the caller's to close; null with an error.</param>
    /// <returns>ENOSPC when there is no memory, or nobody takes it.</returns>
    public abstract Errno TryMake(int index, ulong lengthInBytes, out SafeFileHandle? segment);

    /// <summary>
    /// A segment that may have been made by another process since this one was given its segments, as by
    /// <see cref="TryMake"/>; it takes the place of one that this process has.
    /// </summary>
    /// <returns>ENOENT when there is none.</returns>
    public abstract Errno TryFind(int index, out SafeFileHandle? segment);

    /// <summary>Has a segment let go of that the arena does not have any more.</summary>
    public abstract void Drop(int index);
}
