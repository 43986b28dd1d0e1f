using PersistFs.Engine;
using PersistFs.Fuse;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Server;

/// <summary>Directories listed. A cookie names an entry's place for ever, so there is no open directory to keep.</summary>
internal sealed partial class VolumeFileSystem
{
    /// <inheritdoc/>
    public Errno ReadDirectory(in RequestContext context, in ReadIn request, ref DirectoryWriter entries)
    {
        Errno error = volume.ReadDirectory(
            WorkerOf(in context), InodeOf(in context), request.Offset, out DirectoryReader reader);
        if (error != Errno.OK) return error;
        using (reader)
        {
            // Room is asked for first: an entry of READDIRPLUS counts a lookup, and must not do so in vain.
            while (reader.MoveNext() && entries.HasRoomFor(reader.Name.Length)) Add(in reader, ref entries);
        }
        return Errno.OK;
    }

    private void Add(in DirectoryReader reader, ref DirectoryWriter entries)
    {
        if (!entries.IsPlus || reader.IsDot)
        {
            uint type = ModeBits.FromDirectoryEntryType(reader.EntryType);
            entries.TryAdd(NodeIdOf(reader.Inode).Value, type, reader.Name, reader.Cookie);
            return;
        }
        InodeAttributes attributes = reader.Lookup();
        EntryOut entry = default;
        Fill(ref entry, in attributes);
        entries.TryAdd(in entry, reader.Name, reader.Cookie);
    }
}
