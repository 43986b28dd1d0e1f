using PersistFs.Engine.Arenas;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>
/// Directories listed. A cookie names an entry's place for ever, so there is no open directory to keep.
/// </summary>
internal sealed partial class TreeFileSystem
{
    /// <inheritdoc/>
    public Errno ReadDirectory(in RequestContext context, in ReadIn request, ref DirectoryWriter entries)
    {
        if (!entries.IsPlus || !CountsLookups) return List(in context, request.Offset, ref entries);
        entries.Limit(Tree.ListingBytesMax);
        Errno error = ListWithInodes(in context, request.Offset, ref entries, out bool isCounted);
        if (isCounted || error != Errno.OK) return error;
        entries.Clear();
        return List(in context, request.Offset, ref entries);
    }

    /// <inheritdoc/>
    public bool TryRecallListing(in RequestContext context, ref DirectoryWriter entries)
    {
        if (!CountsLookups || !tree.TryRecallListing(context.Unique, out ReadOnlySpan<byte> answered)) return false;
        if (!entries.TryRepeat(answered))
        {
            throw new ArenaCorruptException("A listing is longer than the request it answers has room for.");
        }
        CountRecalled();
        return true;
    }

    /// <summary>
    /// Whether lookups are counted. Of a damaged arena they are not: names come without their inodes, and the kernel
    /// looks them up one by one.
    /// </summary>
    private bool CountsLookups => volume.State != VolumeState.ReadOnly;

    /// <summary>READDIR, and READDIRPLUS where no lookup can be counted.</summary>
    private Errno List(in RequestContext context, ulong cookie, ref DirectoryWriter entries)
    {
        Errno error = tree.ReadDirectory(
            WorkerOf(in context), InodeOf(in context), cookie, out DirectoryReader reader);
        if (error != Errno.OK) return error;
        using (reader)
        {
            while (reader.MoveNext() && entries.HasRoomFor(reader.Name.Length)) AddName(in reader, ref entries);
        }
        return Errno.OK;
    }

    /// <summary>READDIRPLUS. The directory stays locked until all that the reply names is counted.</summary>
    private Errno ListWithInodes(
        in RequestContext context, ulong cookie, ref DirectoryWriter entries, out bool isCounted)
    {
        isCounted = false;
        Worker worker = WorkerOf(in context);
        Errno error = tree.ReadDirectory(worker, InodeOf(in context), cookie, out DirectoryReader reader);
        if (error != Errno.OK) return error;
        using (reader)
        {
            while (!reader.IsFull && reader.MoveNext() && entries.HasRoomFor(reader.Name.Length))
            {
                if (reader.IsDot) AddName(in reader, ref entries);
                else AddInode(in reader, ref entries);
            }
            isCounted = tree.TryCountListing(worker, entries.Entries);
        }
        return Errno.OK;
    }

    private void AddName(in DirectoryReader reader, ref DirectoryWriter entries)
    {
        uint type = ModeBits.FromDirectoryEntryType(reader.EntryType);
        entries.TryAdd(NodeIdOf(reader.Inode).Value, type, reader.Name, reader.Cookie);
    }

    private void AddInode(in DirectoryReader reader, ref DirectoryWriter entries)
    {
        InodeAttributes attributes = reader.NameInode();
        EntryOut entry = default;
        Fill(ref entry, in attributes);
        entries.TryAdd(in entry, reader.Name, reader.Cookie);
    }
}
