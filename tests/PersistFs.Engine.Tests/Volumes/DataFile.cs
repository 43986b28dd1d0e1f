using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>A regular file of a test arena, and what a test wants to see of it.</summary>
internal sealed class DataFile
{
    private static int namesGiven;

    private readonly TestArena arena;
    private readonly byte[] name;

    public DataFile(TestArena arena, uint mode = ModeBits.Regular | 0x1A4, ReadOnlySpan<byte> target = default)
    {
        this.arena = arena;
        name = Encoding.ASCII.GetBytes($"file{Interlocked.Increment(ref namesGiven)}");
        Assert.Equal(Errno.OK, FileName.TryCreate(name, out FileName fileName));
        var node = new NewNode { Mode = mode, UserId = 0, GroupId = 0 };
        Errno error = Tree.Create(Worker, Tree.Root, fileName, in node, target, out InodeAttributes attributes);
        Assert.Equal(Errno.OK, error);
        Inode = attributes.Inode;
    }

    public InodeNumber Inode { get; }

    public ref readonly InodeRecord Record => ref arena.Volume.Space.Arena.At<InodeRecord>(Inode.Record);

    public ContentsWord Word => new(Record.ContentsWord);

    private Volume Volume => arena.Volume;

    private Tree Tree => Volume.DefaultTree;

    private Worker Worker => arena.Worker;

    public Errno Write(ulong offset, ReadOnlySpan<byte> data, WriteOptions options = default) =>
        Tree.Write(Worker, Inode, offset, data, options);

    public Errno SetSize(ulong size) => Tree.SetSize(Worker, Inode, size);

    public Errno Allocate(
        ulong offset, ulong length, FallocateMode mode = FallocateMode.Allocate, Credentials caller = default) =>
        Tree.Allocate(Worker, Inode, offset, length, mode, in caller);

    public Errno Seek(ulong offset, SeekTarget target, out ulong found) =>
        Tree.Seek(Worker, Inode, offset, target, out found);

    public Errno CopyTo(
        DataFile target, ulong sourceOffset, ulong targetOffset, ulong length, out ulong copied,
        Credentials caller = default) =>
        Tree.CopyRange(
            Worker, new FilePosition(Inode, sourceOffset), new FilePosition(target.Inode, targetOffset), length,
            out copied, in caller);

    /// <summary>Up to <paramref name="length"/> bytes from <paramref name="offset"/> on.</summary>
    public byte[] Read(ulong offset, int length)
    {
        var segments = new IoVector[Tree.SegmentsMax((uint)length)];
        Errno error = Tree.Read(Worker, Inode, offset, (uint)length, segments, out int count, out uint bytesRead);
        Assert.Equal(Errno.OK, error);
        try
        {
            var bytes = new byte[bytesRead];
            Span<byte> rest = bytes;
            for (int index = 0; index < count; index++)
            {
                segments[index].AsSpan().CopyTo(rest);
                rest = rest[(int)segments[index].LengthInBytes..];
            }
            Assert.True(rest.IsEmpty);
            return bytes;
        }
        finally
        {
            Tree.EndRead(Worker);
        }
    }

    /// <summary>Sets fields that no operation on contents sets.</summary>
    public void Set<T>(ref readonly T field, T value)
        where T : unmanaged
    {
        using Transaction transaction = Worker.Begin();
        transaction.Set(in field, value);
        transaction.Commit();
    }

    /// <summary>Removes the file, empty, and the last reference to it.</summary>
    public void Delete()
    {
        Assert.Equal(Errno.OK, SetSize(0));
        Assert.Equal(0UL, Record.BlockCount);
        Assert.Equal(0UL, Record.Contents);
        Assert.Equal(ContentsKind.None, Word.Kind);
        Remove();
    }

    /// <summary>Removes the file with its contents, and the last reference to it.</summary>
    public void Remove()
    {
        Assert.Equal(Errno.OK, FileName.TryCreate(name, out FileName fileName));
        Assert.Equal(Errno.OK, Tree.Unlink(Worker, Tree.Root, fileName));
        Tree.Forget(Worker, Inode, 1);
    }

    /// <summary>Fills most free memory with a pattern and frees it again: what shows up later was not zeroed.</summary>
    public static void Stain(TestArena arena)
    {
        var file = new DataFile(arena);
        byte[] pattern = new byte[1 << 20];
        pattern.AsSpan().Fill(0xA5);
        ulong offset = 0;
        while (file.Write(offset, pattern) == Errno.OK) offset += (ulong)pattern.Length;
        file.Delete();
        // Objects of every class, and a block besides.
        var small = new List<DataFile>();
        for (int length = 64; length <= 2304; length += 64)
        {
            for (int copy = 0; copy < 8; copy++)
            {
                small.Add(new DataFile(arena));
                Assert.Equal(Errno.OK, small[^1].Write(0, pattern.AsSpan(0, length)));
            }
        }
        foreach (DataFile one in small) one.Delete();
    }

    /// <summary>Blocks that no transaction can get at this moment, of what the arena has.</summary>
    public static long UsedBlocks(TestArena arena)
    {
        Space space = arena.Volume.Space;
        return space.TotalBlocks - space.Allocator.Supply.AvailableBlocks - space.Allocator.Supply.GrowableBlocks;
    }
}
