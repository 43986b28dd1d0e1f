using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>
/// The contents of a file or symbolic link, of any kind. Operations on files tell kinds apart here and nowhere else.
/// </summary>
/// <remarks>
/// A view that keeps nothing beside the record. The inode's lock is held: shared to read, exclusive to change.
/// A further kind is a type beside <see cref="PackedContents"/> and <see cref="MappedContents"/>, and a case in each
/// member here. What changes a file's times and privileges is the caller's, in the same transaction.
/// </remarks>
internal readonly ref partial struct FileContents
{
    /// <summary>The largest size of a file: 2^63-1 bytes, as MAX_LFS_FILESIZE of linux/fs.h.</summary>
    public const ulong SizeMax = long.MaxValue;

    private readonly Space space;
    private readonly InodeNumber inode;
    private readonly ref readonly InodeRecord record;

    /// <param name="space">The arena.</param>
    /// <param name="inode">The file.</param>
    /// <param name="record">Its record, in the arena.</param>
    public FileContents(Space space, InodeNumber inode, ref readonly InodeRecord record)
    {
        this.space = space;
        this.inode = inode;
        this.record = ref record;
    }

    /// <summary>Whether there may be whole blocks that can be freed one by one.</summary>
    public bool HasBlocks => Kind == ContentsKind.Mapped;

    private PackedContents Packed => new(space, in record);

    private MappedContents Mapped => new(space, inode, in record);

    /// <summary>The kind as it is now; a change may have changed it.</summary>
    /// <exception cref="ArenaCorruptException">The kind is unknown in this version, or the size impossible.</exception>
    private ContentsKind Kind
    {
        get
        {
            ContentsKind kind = new ContentsWord(record.ContentsWord).Kind;
            bool isKnown = kind is ContentsKind.None or ContentsKind.Packed or ContentsKind.Mapped;
            if (!isKnown || record.Size > SizeMax) ThrowUnknown(kind);
            return kind;
        }
    }

    /// <summary>Collects where bytes within the size lie; nothing is copied. Holes are shown by shared zeros.</summary>
    /// <returns>Segments filled in.</returns>
    public int Gather(ulong offset, uint length, Span<IoVector> segments)
    {
        var list = new IoVectorList(segments);
        if (Kind == ContentsKind.Packed)
        {
            ArenaPointer bytes = Packed.Find(offset);
            if (length > 0) list.Add(space.Arena.AddressOf(bytes, length), length);
            return list.Count;
        }
        Mapped.Gather(offset, length, ref list);
        return list.Count;
    }

    /// <summary>Where the bytes from <paramref name="offset"/> on are; null for a hole.</summary>
    /// <param name="offset">Within the size.</param>
    /// <param name="length">Bytes wanted, lowered to those that follow there.</param>
    public ArenaPointer Find(ulong offset, ref ulong length)
    {
        length = Math.Min(length, record.Size - offset);
        return Kind == ContentsKind.Packed ? Packed.Find(offset) : Mapped.Find(offset, ref length);
    }

    /// <summary>The first block from <paramref name="block"/> on that has memory.</summary>
    public ulong NextData(ulong block) => Kind == ContentsKind.Packed ? block : Mapped.Map.NextData(block);

    /// <summary>
    /// The first block from <paramref name="block"/> on that is in a hole, or <paramref name="end"/> where none can be.
    /// </summary>
    public ulong NextHole(ulong block, ulong end) => Kind == ContentsKind.Packed ? end : Mapped.Map.NextHole(block);

    /// <summary>Blocks of a range that are in holes; none of contents that need no blocks.</summary>
    public ulong CountHoles(ulong first, ulong end, ulong limit) =>
        Kind == ContentsKind.Packed ? 0 : Mapped.Map.CountHoles(first, end, limit);

    /// <summary>The target of a symbolic link, in the arena.</summary>
    /// <exception cref="ArenaCorruptException">It is not there, or longer than a target can be.</exception>
    public ReadOnlySpan<byte> Target()
    {
        ArenaPointer pointer = Kind == ContentsKind.Packed ? Packed.Find(0) : Mapped.Map.Find(0, 1).Pointer;
        if (pointer.IsNull || record.Size is 0 or >= Layout.BlockSizeInBytes)
            throw new ArenaCorruptException($"The symbolic link {inode} has no target.");
        return space.Arena.Bytes(pointer, (int)record.Size);
    }

    private static void ThrowUnknown(ContentsKind kind) =>
        throw new ArenaCorruptException($"A file has contents of kind {(int)kind}, or an impossible size.");
}
