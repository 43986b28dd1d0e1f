using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>Looks at everything in a tree as its users could, and expects nothing of it but answers.</summary>
internal sealed class ReadOnlyWalk
{
    private const int ReadLength = 64 * 1024;
    private const int DataRunsMax = 64;

    private readonly Volume volume;
    private readonly Worker worker;
    private readonly HashSet<InodeNumber> seen = [];
    private readonly Queue<InodeNumber> unread = new();
    private readonly byte[] buffer = new byte[ReadLength + 1];

    public ReadOnlyWalk(Volume volume, Worker worker)
    {
        this.volume = volume;
        this.worker = worker;
    }

    /// <summary>Pieces of the tree that turned out to be damaged.</summary>
    public int Refusals { get; private set; }

    public void Run()
    {
        _ = volume.GetStatistics();
        Meet(volume.DefaultTree.Root);
        while (unread.TryDequeue(out InodeNumber inode))
        {
            Try(() => LookAt(inode));
            Try(() => ReadXattrs(inode));
        }
    }

    private void Meet(InodeNumber inode)
    {
        if (seen.Add(inode)) unread.Enqueue(inode);
    }

    private void LookAt(InodeNumber inode)
    {
        if (volume.DefaultTree.GetAttributes(worker, inode, out InodeAttributes attributes) != Errno.OK) return;
        switch (attributes.Mode & ModeBits.TypeMask)
        {
            case ModeBits.Directory:
                Try(() => List(inode));
                _ = volume.DefaultTree.LookupParent(worker, inode, out _);
                break;
            case ModeBits.SymbolicLink:
                _ = volume.DefaultTree.ReadLink(worker, inode, buffer, out _);
                break;
            case ModeBits.Regular:
                ReadContents(inode, attributes.Size);
                break;
            default:
                break;
        }
    }

    private void List(InodeNumber directory)
    {
        var names = new List<byte[]>();
        if (volume.DefaultTree.ReadDirectory(worker, directory, 0, out DirectoryReader reader) != Errno.OK) return;
        try
        {
            while (reader.MoveNext())
            {
                if (reader.IsDot) continue;
                Meet(reader.Inode);
                names.Add(reader.Name.ToArray());
            }
        }
        finally
        {
            reader.Dispose();
        }
        foreach (byte[] name in names)
        {
            if (FileName.TryCreate(name, out FileName fileName) != Errno.OK) continue;
            if (volume.DefaultTree.Lookup(worker, directory, fileName,
                out InodeAttributes found) == Errno.OK) Meet(found.Inode);
        }
    }

    private void ReadContents(InodeNumber inode, ulong size)
    {
        Span<IoVector> segments = stackalloc IoVector[Tree.SegmentsMax(ReadLength)];
        ulong offset = 0;
        for (int run = 0; run < DataRunsMax && offset < size; run++)
        {
            if (volume.DefaultTree.Seek(worker, inode, offset, SeekTarget.Data, out ulong data) != Errno.OK) return;
            if (volume.DefaultTree.Read(worker, inode, data, ReadLength, segments, out int count, out _) == Errno.OK)
            {
                Touch(segments[..count]);
            }
            volume.DefaultTree.EndRead(worker);
            if (volume.DefaultTree.Seek(worker, inode, data, SeekTarget.Hole, out ulong hole) != Errno.OK) return;
            offset = Math.Max(hole, data + 1);
        }
    }

    /// <summary>Reads one byte of every page: what is handed out has to be there.</summary>
    private unsafe void Touch(ReadOnlySpan<IoVector> segments)
    {
        foreach (IoVector segment in segments)
        {
            for (nuint position = 0; position < segment.LengthInBytes; position += 4096)
                buffer[ReadLength] ^= *((byte*)segment.Address + position);
        }
    }

    private void ReadXattrs(InodeNumber inode)
    {
        if (volume.DefaultTree.ListXattr(worker, inode, Credentials.Root, buffer, out int length) != Errno.OK) return;
        byte[] names = buffer[..Math.Min(length, ReadLength)];
        foreach (Range range in names.AsSpan().Split((byte)0))
        {
            byte[] name = names[range];
            if (name.Length > 0) Try(() => volume.DefaultTree.GetXattr(worker, inode, name, buffer, out _));
        }
    }

    private void Try(Action look)
    {
        try
        {
            look();
        }
        catch (ArenaCorruptException)
        {
            Refusals++;
        }
    }
}
