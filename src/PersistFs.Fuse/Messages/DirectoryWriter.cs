using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Fuse.Messages;

/// <summary>Packs directory entries into the reply to READDIR or READDIRPLUS.</summary>
/// <remarks>
/// In a READDIRPLUS reply every entry given with its inode adds 1 to that inode's lookup count, as LOOKUP does; "." and
/// ".." never come with their inode.
/// </remarks>
public ref struct DirectoryWriter
{
    private Span<byte> buffer;
    private readonly ulong validSeconds;

    internal DirectoryWriter(Span<byte> buffer, bool isPlus, ulong validSeconds)
    {
        this.buffer = buffer;
        this.validSeconds = validSeconds;
        IsPlus = isPlus;
    }

    /// <summary>Whether READDIRPLUS asks: entries are wanted with their inodes.</summary>
    public bool IsPlus { get; }

    /// <summary>Bytes so far.</summary>
    public int LengthInBytes { get; private set; }

    /// <summary>The entries so far, as the kernel will read them.</summary>
    public readonly ReadOnlySpan<byte> Entries => buffer[..LengthInBytes];

    /// <summary>Makes do with <paramref name="lengthMax"/> bytes, where there is room for more.</summary>
    public void Limit(int lengthMax)
    {
        if (buffer.Length > lengthMax) buffer = buffer[..lengthMax];
    }

    /// <summary>Begins anew.</summary>
    public void Clear() => LengthInBytes = 0;

    /// <summary>Answers with the entries of an earlier reply to the same request, byte for byte.</summary>
    /// <returns>False when there is no room for them: the request was another.</returns>
    public bool TryRepeat(scoped ReadOnlySpan<byte> entries)
    {
        if (!entries.TryCopyTo(buffer)) return false;
        LengthInBytes = entries.Length;
        return true;
    }

    /// <summary>Whether one more entry with a name of so many bytes finds room.</summary>
    public readonly bool HasRoomFor(int nameLength) =>
        RecordLength(IsPlus, nameLength) <= buffer.Length - LengthInBytes;

    /// <summary>Adds an entry without its inode; "." and ".." are always added so.</summary>
    /// <param name="inodeNumber">d_ino.</param>
    /// <param name="mode">The type bits of the inode's mode.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="nextCookie">Where reading goes on behind this entry; not 0.</param>
    /// <returns>False when there is no room: the reply ends before this entry.</returns>
    public bool TryAdd(ulong inodeNumber, uint mode, scoped ReadOnlySpan<byte> name, ulong nextCookie)
    {
        EntryOut none = default;
        return TryWrite(in none, inodeNumber, mode, name, nextCookie);
    }

    /// <summary>Adds an entry with its inode, as a reply to LOOKUP of <paramref name="name"/> would have it.</summary>
    /// <param name="entry">The inode and its attributes; how long they are valid is not the caller's to fill.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="nextCookie">Where reading goes on behind this entry; not 0.</param>
    /// <returns>False when there is no room: the reply ends before this entry, and no lookup is counted.</returns>
    public bool TryAdd(in EntryOut entry, scoped ReadOnlySpan<byte> name, ulong nextCookie)
    {
        EntryOut stamped = entry;
        stamped.EntryValidSeconds = validSeconds;
        stamped.AttributesValidSeconds = validSeconds;
        return TryWrite(in stamped, entry.Attributes.InodeNumber, entry.Attributes.Mode, name, nextCookie);
    }

    private bool TryWrite(
        in EntryOut entry, ulong inodeNumber, uint mode, scoped ReadOnlySpan<byte> name, ulong nextCookie)
    {
        int length = RecordLength(IsPlus, name.Length);
        if (length > buffer.Length - LengthInBytes) return false;
        Span<byte> record = buffer.Slice(LengthInBytes, length);
        LengthInBytes += length;
        if (IsPlus)
        {
            MemoryMarshal.Write(record, in entry);
            record = record[Unsafe.SizeOf<EntryOut>()..];
        }
        MemoryMarshal.Write(record, new DirectoryEntry
        {
            InodeNumber = inodeNumber,
            NextCookie = nextCookie,
            NameLength = (uint)name.Length,
            Type = ModeBits.ToDirectoryEntryType(mode),
        });
        record = record[Unsafe.SizeOf<DirectoryEntry>()..];
        name.CopyTo(record);
        record[name.Length..].Clear();
        return true;
    }

    /// <summary>Bytes of one entry, padded to a multiple of 8.</summary>
    internal static int RecordLength(bool isPlus, int nameLength)
    {
        int entryLength = isPlus ? Unsafe.SizeOf<EntryOut>() : 0;
        return (entryLength + Unsafe.SizeOf<DirectoryEntry>() + nameLength + 7) & ~7;
    }
}
