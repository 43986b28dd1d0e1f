using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>The memory behind an arena: one mappable range whose parts come and go.</summary>
internal abstract class Backing : IDisposable
{
    /// <summary>As the operator named it.</summary>
    public abstract string Name { get; }

    /// <summary>Kind for people: "huge pages", "tmpfs", "disk file".</summary>
    public abstract string Kind { get; }

    /// <summary>Bytes from the arena's start to its end, present or not.</summary>
    public abstract ulong Length { get; }

    /// <summary>Bytes of memory or disk that are really behind it now.</summary>
    public abstract ulong AllocatedBytes { get; }

    /// <summary>Maps the whole range at a multiple of the frame size.</summary>
    public abstract Errno Map(bool isPrivate, out nint address);

    /// <summary>
    /// Reserves memory for a range, so that touching it cannot fail. It is zero where there was none.
    /// </summary>
    public abstract Errno Reserve(ulong offset, ulong length);

    /// <summary>Whether memory that was given back, and then reserved again, is zero.</summary>
    public abstract bool GivesZeros { get; }

    /// <summary>Gives the memory of a range back.</summary>
    public abstract Errno Release(ulong offset, ulong length);

    /// <summary>
    /// Whether the backing is more lasting than memory, so that <see cref="Synchronize"/> has something to do.
    /// </summary>
    public abstract bool IsOnDisk { get; }

    /// <summary>
    /// Writes back what only the memory of this machine holds, where the backing is on a disk; else nothing.
    /// </summary>
    public abstract Errno Synchronize();

    public abstract void Dispose();
}
