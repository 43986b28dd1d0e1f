using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>The memory behind an arena: one mappable range whose parts come and go.</summary>
internal abstract class Backing : IDisposable
{
    /// <summary>As the operator named it.</summary>
    public abstract string Name { get; }

    /// <summary>What it is called, and what can be done with it.</summary>
    public abstract BackingKind Kind { get; }

    /// <summary>Bytes from the arena's start to its end, present or not.</summary>
    public abstract ulong Length { get; }

    /// <summary>
    /// Bytes from the arena's start up to which there is something that memory can be reserved in; no frame past it is
    /// present.
    /// </summary>
    public virtual ulong PresentLength => Length;

    /// <summary>Frames of each segment, where the backing grows and shrinks by such; else 0.</summary>
    public virtual uint SegmentFrameCount => 0;

    /// <summary>Whether single frames can be given back.</summary>
    public virtual bool ReturnsFrames => true;

    /// <summary>Bytes of memory or disk that are really behind it now.</summary>
    public abstract ulong AllocatedBytes { get; }

    /// <summary>Maps the whole range at a multiple of the frame size.</summary>
    public abstract Errno Map(bool isPrivate, out nint address);

    /// <summary>Maps the first frame alone, for a look before the whole is mapped; the caller unmaps it.</summary>
    public abstract Errno MapHead(out nint address);

    /// <summary>
    /// Reserves memory for a range, so that touching it cannot fail. It is zero where there was none.
    /// </summary>
    public abstract Errno Reserve(ulong offset, ulong length);

    /// <summary>
    /// Whether <see cref="Write"/> works, which spares what is new there being cleared and entered page by page.
    /// </summary>
    public virtual bool TakesWrites => false;

    /// <summary>Stores bytes from <paramref name="offset"/> on, and gives them memory where there is none.</summary>
    public virtual Errno Write(ulong offset, ReadOnlySpan<byte> bytes) => Errno.EOPNOTSUPP;

    /// <summary>
    /// Whether memory that is reserved, for the first time or after it was given back, is zero. If not, it holds what
    /// was there before, and all of it is there always.
    /// </summary>
    public abstract bool GivesZeros { get; }

    /// <summary>Gives the memory of a range back.</summary>
    public abstract Errno Release(ulong offset, ulong length);

    /// <summary>
    /// Lets the last segment go, none of whose frames is present, and all of whose frames nobody looks at. Never called
    /// for the first, nor where there are no segments.
    /// </summary>
    public virtual void ReleaseLastSegment()
    {
    }

    /// <summary>
    /// The first word of a backing that is too short, or too long by less than a frame, to be an arena.
    /// </summary>
    /// <returns>False where it cannot be read.</returns>
    public virtual bool TryReadStart(out ulong word)
    {
        word = 0;
        return false;
    }

    /// <summary>Whether the kind lies on a disk, so that <see cref="Synchronize"/> has something to do.</summary>
    public bool IsOnDisk => Kind.IsOnDisk;

    /// <summary>
    /// Whether all of its memory is there always and cannot become more; <see cref="Length"/> bounds an arena then.
    /// </summary>
    public virtual bool IsFixed => false;

    /// <summary>Whether it holds no data, as far as can be known.</summary>
    public virtual bool IsKnownEmpty() => AllocatedBytes == 0;

    /// <summary>What is to be said before data in it is destroyed.</summary>
    public virtual ArenaException NotEmpty() => new(
        ArenaFault.AlreadyFormatted, $"{Name} is not empty.",
        "Choose another path; --force would destroy what is in it.");

    /// <summary>
    /// Destroys the arena in it and gives it the length of another; the first frame reads as zero or as unfinished.
    /// </summary>
    /// <returns>The same memory, to be used and disposed of instead of this one.</returns>
    /// <exception cref="ArenaException">It cannot have that length, or cannot be mapped.</exception>
    public virtual Backing Clear(ulong length)
    {
        if (length != Length) throw new InvalidOperationException($"{Name} has {Length} bytes, and keeps them.");
        ClearHead();
        return this;
    }

    /// <summary>
    /// Zeroes the first frame of memory that may hold anything. From its first store on there is no arena, and the
    /// magic says why.
    /// </summary>
    protected void ClearHead()
    {
        Errno error = Reserve(0, Layout.FrameSizeInBytes);
        if (error != Errno.OK) throw CannotBeMapped(error);
        error = MapHead(out nint start);
        if (error != Errno.OK) throw CannotBeMapped(error);
        var head = new Arena(start, Layout.FrameSizeInBytes);
        Store.Word(ref head.Target<ulong>(ArenaPointer.Null), Layout.UnfinishedMagic);
        Store.Zero(head.TargetBytes(new ArenaPointer(Layout.SuperblockCopyOffset), Layout.BlockSizeInBytes));
        Store.Zero(head.TargetBytes(new ArenaPointer(sizeof(ulong)), Layout.FrameSizeInBytes - sizeof(ulong)));
        _ = Libc.Unmap(start, Layout.FrameSizeInBytes);
    }

    /// <summary>
    /// Writes back what only the memory of this machine holds, where the kind is on a disk; else nothing.
    /// </summary>
    public abstract Errno Synchronize();

    public abstract void Dispose();

    /// <summary>Mapping it, or giving memory to its first frame, has failed.</summary>
    public ArenaException CannotBeMapped(Errno error) => new(
        error is Errno.ENOMEM or Errno.ENOSPC ? ArenaFault.NoSpace : ArenaFault.InputOutput,
        $"{Name} ({Kind.Word}) cannot be mapped: {error}.",
        "Free memory or huge pages, or raise vm.nr_hugepages.");
}
