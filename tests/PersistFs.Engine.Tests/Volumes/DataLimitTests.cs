using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>The largest sizes, the last block, flags, times, work that was left pending.</summary>
public sealed class DataLimitTests : IDisposable
{
    private const FallocateMode Punch = FallocateMode.PunchHole | FallocateMode.KeepSize;

    private readonly TestArena arena = new();
    private readonly byte[] ones = new byte[1 << 20];

    public DataLimitTests() => ones.AsSpan().Fill(1);

    public void Dispose() => arena.Dispose();

    [Fact]
    public void The_last_byte_of_the_largest_file_is_written_and_found()
    {
        long used = DataFile.UsedBlocks(arena);
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Write(5000, ones.AsSpan(0, 1)));
        Assert.Equal(Errno.OK, file.Write(Tree.FileSizeMax - 1, ones.AsSpan(0, 1)));
        Assert.Equal(Tree.FileSizeMax, file.Record.Size);
        Assert.Equal(6, file.Word.Height);
        Assert.Equal(2UL, file.Record.BlockCount);
        Assert.Equal([0, 1], file.Read(Tree.FileSizeMax - 2, 10));
        Assert.Equal([0, 1, 0], file.Read(4999, 3));
        Assert.Equal(Errno.OK, file.Seek(8192, SeekTarget.Data, out ulong found));
        Assert.Equal((Tree.FileSizeMax - 1) & ~4095UL, found);
        Assert.Equal(Errno.OK, file.Seek(found, SeekTarget.Hole, out found));
        Assert.Equal(Tree.FileSizeMax, found);
        Assert.Equal(Errno.EFBIG, file.Write(Tree.FileSizeMax, ones.AsSpan(0, 1)));
        Assert.Equal(Errno.EFBIG, file.Write(Tree.FileSizeMax - 1, ones.AsSpan(0, 2)));
        Assert.Equal(Errno.EFBIG, file.SetSize(Tree.FileSizeMax + 1));
        Assert.Equal(Errno.EFBIG, file.Allocate(Tree.FileSizeMax, 1));
        Assert.Equal(Errno.ENOSPC, file.Allocate(0, Tree.FileSizeMax));
        Assert.Equal(Errno.OK, file.Allocate(8192, Tree.FileSizeMax - 8192, Punch));
        Assert.Equal(1UL, file.Record.BlockCount);
        Assert.Equal(1, file.Word.Height);
        file.Delete();
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    [Fact]
    public void A_hole_of_any_size_is_copied_as_a_hole()
    {
        var source = new DataFile(arena);
        var target = new DataFile(arena);
        Assert.Equal(Errno.OK, source.Write(1UL << 50, ones.AsSpan(0, 4096)));
        Assert.Equal(Errno.OK, target.Write(4096, ones));
        Assert.Equal(Errno.OK, source.CopyTo(target, 0, 0, ulong.MaxValue, out ulong copied));
        Assert.Equal((1UL << 50) + 4096, copied);
        Assert.Equal(copied, target.Record.Size);
        Assert.Equal(1UL, target.Record.BlockCount);
        Assert.Equal(Errno.EINVAL, source.CopyTo(source, 0, 100, ulong.MaxValue, out _));
        Assert.Equal(Errno.OK, source.CopyTo(target, 1UL << 60, 0, 1, out copied));
        Assert.Equal(0UL, copied);
    }

    [Fact]
    public void A_write_without_room_changes_nothing_and_what_is_there_can_still_be_overwritten()
    {
        long used = DataFile.UsedBlocks(arena);
        var file = new DataFile(arena);
        var small = new DataFile(arena);
        Assert.Equal(Errno.OK, small.Write(0, ones.AsSpan(0, 64)));
        ulong size = 0;
        foreach (int step in new[] { 1 << 20, 4096 })
        {
            while (file.Write(size, ones.AsSpan(0, step)) == Errno.OK) size += (ulong)step;
        }
        long free = arena.Volume.Space.FreeBlocks;
        Assert.True(free < 8, $"{free} blocks are left");
        Assert.Equal(size, file.Record.Size);
        long before = DataFile.UsedBlocks(arena);
        Assert.Equal(Errno.ENOSPC, file.Write(size - 1, ones));
        Assert.Equal(Errno.ENOSPC, file.Write(size + (1UL << 40), ones));
        Assert.Equal(Errno.ENOSPC, file.Allocate(0, 2 * size));
        Assert.Equal(size, file.Record.Size);
        Assert.Equal(before, DataFile.UsedBlocks(arena));
        Assert.Equal(Errno.OK, file.Write(0, ones));
        Assert.Equal(Errno.OK, file.Write(size - 5000, ones.AsSpan(0, 5000)));
        Assert.Equal(Errno.OK, small.Write(0, ones.AsSpan(0, 64)));
        // Pages that the kernel has acknowledged find room in the reserve.
        var acknowledged = new WriteOptions { IsAcknowledged = true };
        Assert.Equal(Errno.OK, file.Write(size, ones.AsSpan(0, 65536), acknowledged));
        arena.RequireClean();
        file.Remove();
        small.Delete();
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    [Fact]
    public void Room_allocated_ahead_never_runs_out()
    {
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Allocate(0, 20 << 20, FallocateMode.KeepSize));
        Assert.Equal(0UL, file.Record.Size);
        var rest = new DataFile(arena);
        for (ulong offset = 0; rest.Write(offset, ones.AsSpan(0, 4096)) == Errno.OK;) offset += 4096;
        for (ulong offset = 0; offset < 20 << 20; offset += 1 << 20) Assert.Equal(Errno.OK, file.Write(offset, ones));
        Assert.Equal(-1, file.Read(0, 20 << 20).AsSpan().IndexOfAnyExcept((byte)1));
        Assert.Equal(5120UL, file.Record.BlockCount);
    }

    [Fact]
    public void Many_small_extents_are_freed_in_steps_and_the_file_ends_where_it_was_cut()
    {
        long used = DataFile.UsedBlocks(arena);
        var file = new DataFile(arena);
        // From the end to the front, so that no frames are used.
        for (int block = 11_000; block > 0; block--)
            Assert.Equal(Errno.OK, file.Write((ulong)block << 12, ones.AsSpan(0, 4096)));
        Assert.Equal(11_000UL, file.Record.BlockCount);
        Assert.Equal(Errno.OK, file.SetSize(8192));
        Assert.Equal(1UL, file.Record.BlockCount);
        Assert.False(file.Word.IsPending);
        file.Delete();
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    [Fact]
    public void What_a_dead_process_left_past_the_size_is_never_seen_again()
    {
        var file = new DataFile(arena);
        for (int block = 11_000; block >= 0; block--)
            Assert.Equal(Errno.OK, file.Write((ulong)block << 12, ones.AsSpan(0, 4096)));
        // The state right after a cut has committed, when nothing is freed yet.
        using (Transaction transaction = arena.Worker.Begin())
        {
            transaction.Set(in file.Record.Size, 8192UL);
            Space space = arena.Volume.Space;
            new PendingLists(space, new InodeTable(space)).Add(transaction, file.Inode, needsTrim: true);
            transaction.Commit();
        }
        arena.Reopen();
        Assert.True(file.Word.NeedsTrim);
        Assert.Equal(8192, file.Read(0, 100_000).Length);
        Assert.Equal(Errno.OK, file.SetSize(1 << 20));
        Assert.False(file.Word.IsPending);
        Assert.Equal(2UL, file.Record.BlockCount);
        Assert.Equal(-1, file.Read(8192, 1 << 20).AsSpan().IndexOfAnyExcept((byte)0));
        arena.RequireClean();
    }

    [Fact]
    public void Flags_of_the_inode_are_obeyed()
    {
        var file = new DataFile(arena);
        var other = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Write(0, ones.AsSpan(0, 100)));
        Assert.Equal(Errno.OK, other.Write(0, ones.AsSpan(0, 100)));
        file.Set(in file.Record.Flags, InodeFlags.Immutable);
        Assert.Equal(Errno.EPERM, other.CopyTo(file, 0, 0, 1, out _));
        Assert.Equal(Errno.EPERM, file.Write(100, ones.AsSpan(0, 1)));
        Assert.Equal(Errno.EPERM, file.SetSize(0));
        Assert.Equal(Errno.EPERM, file.Allocate(0, 1));
        file.Set(in file.Record.Flags, InodeFlags.AppendOnly);
        Assert.Equal(Errno.EPERM, file.Write(99, ones.AsSpan(0, 1)));
        Assert.Equal(Errno.OK, file.Write(100, ones.AsSpan(0, 1)));
        Assert.Equal(Errno.EPERM, file.SetSize(1000));
        Assert.Equal(Errno.EPERM, file.Allocate(0, 1, Punch));
        Assert.Equal(Errno.OK, file.Allocate(0, 1));
        Assert.Equal(Errno.OK, file.Write(0, ones.AsSpan(0, 101), new WriteOptions { IsAcknowledged = true }));
    }

    [Fact]
    public void Set_id_bits_go_where_the_kernel_asks_for_it()
    {
        var options = new WriteOptions { KillPrivileges = true };
        var file = new DataFile(arena, ModeBits.Regular | 0xDED);
        Assert.Equal(Errno.OK, file.Write(0, ones.AsSpan(0, 1)));
        Assert.Equal(ModeBits.Regular | 0xDEDU, file.Record.Mode);
        Assert.Equal(Errno.OK, file.Write(0, ones.AsSpan(0, 1), options));
        Assert.Equal(ModeBits.Regular | 0x1EDU, file.Record.Mode);
        // Without group execution, set-group-id means mandatory locking and stays.
        var locked = new DataFile(arena, ModeBits.Regular | 0xDA4);
        Assert.Equal(Errno.OK, locked.Write(0, ones.AsSpan(0, 1), options));
        Assert.Equal(ModeBits.Regular | 0x5A4U, locked.Record.Mode);
    }

    [Fact]
    public void Set_id_bits_go_when_another_than_root_allocates_room_or_copies()
    {
        var member = new Credentials(UserId: 7, GroupId: 0, ProcessId: 1);
        var stranger = new Credentials(UserId: 7, GroupId: 7, ProcessId: 1);
        var file = new DataFile(arena, ModeBits.Regular | 0xDED);
        Assert.Equal(Errno.OK, file.Allocate(0, 10_000));
        Assert.Equal(ModeBits.Regular | 0xDEDU, file.Record.Mode);
        Assert.Equal(Errno.OK, file.Allocate(0, 10_000, caller: member));
        Assert.Equal(ModeBits.Regular | 0x1EDU, file.Record.Mode);
        var target = new DataFile(arena, ModeBits.Regular | 0xDA4);
        Assert.Equal(Errno.OK, file.CopyTo(target, 0, 0, 10_000, out _));
        Assert.Equal(ModeBits.Regular | 0xDA4U, target.Record.Mode);
        Assert.Equal(Errno.OK, file.CopyTo(target, 0, 0, 10_000, out _, member));
        Assert.Equal(ModeBits.Regular | 0x5A4U, target.Record.Mode);
        Assert.Equal(Errno.OK, file.CopyTo(target, 0, 0, 10_000, out _, stranger));
        Assert.Equal(ModeBits.Regular | 0x1A4U, target.Record.Mode);
    }

    [Fact]
    public void The_access_time_moves_as_with_relatime()
    {
        const long Day = 86_400L * 1_000_000_000;
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Write(0, ones.AsSpan(0, 100)));
        long now = Libc.FileTimeNow();
        file.Set(in file.Record.ModificationTime, now - 10);
        file.Set(in file.Record.ChangeTime, now - 10);
        file.Set(in file.Record.AccessTime, now - 5);
        file.Read(0, 10);
        Assert.Equal(now - 5, file.Record.AccessTime);
        file.Set(in file.Record.AccessTime, now - 10);
        file.Read(200, 10);
        Assert.Equal(now - 10, file.Record.AccessTime);
        file.Read(0, 10);
        Assert.InRange(file.Record.AccessTime, now, long.MaxValue);
        file.Set(in file.Record.ModificationTime, now - 3 * Day);
        file.Set(in file.Record.ChangeTime, now - 3 * Day);
        file.Set(in file.Record.AccessTime, now - 2 * Day);
        file.Set(in file.Record.Flags, InodeFlags.NoAccessTime);
        file.Read(0, 10);
        Assert.Equal(now - 2 * Day, file.Record.AccessTime);
        file.Set(in file.Record.Flags, 0U);
        file.Read(0, 10);
        Assert.InRange(file.Record.AccessTime, now, long.MaxValue);
    }

    [Theory]
    [InlineData(AccessTimePolicy.Never, 10, false)]
    [InlineData(AccessTimePolicy.Relative, 10, true)]
    [InlineData(AccessTimePolicy.Relative, 5, false)]
    [InlineData(AccessTimePolicy.Always, 5, true)]
    public void The_access_time_moves_as_the_mount_has_it(AccessTimePolicy policy, long age, bool moves)
    {
        var file = new DataFile(arena);
        arena.Tree.AccessTimes = policy;
        Assert.Equal(Errno.OK, file.Write(0, ones.AsSpan(0, 100)));
        long now = Libc.FileTimeNow();
        file.Set(in file.Record.ModificationTime, now - 10);
        file.Set(in file.Record.ChangeTime, now - 10);
        file.Set(in file.Record.AccessTime, now - age);
        file.Read(0, 10);
        Assert.Equal(moves, file.Record.AccessTime != now - age);
    }

    [Fact]
    public void Positions_of_data_and_holes_are_those_of_lseek()
    {
        var file = new DataFile(arena);
        Assert.Equal(Errno.ENXIO, file.Seek(0, SeekTarget.Data, out _));
        Assert.Equal(Errno.ENXIO, file.Seek(0, SeekTarget.Hole, out _));
        Assert.Equal(Errno.OK, file.Write(8192, ones.AsSpan(0, 4096)));
        Assert.Equal(Errno.OK, file.SetSize(20_000));
        Assert.Equal(8192UL, Found(file, 0, SeekTarget.Data));
        Assert.Equal(9000UL, Found(file, 9000, SeekTarget.Data));
        Assert.Equal(12288UL, Found(file, 8192, SeekTarget.Hole));
        Assert.Equal(100UL, Found(file, 100, SeekTarget.Hole));
        Assert.Equal(Errno.ENXIO, file.Seek(12288, SeekTarget.Data, out _));
        Assert.Equal(Errno.ENXIO, file.Seek(20_000, SeekTarget.Hole, out _));
        var packed = new DataFile(arena);
        Assert.Equal(Errno.OK, packed.Write(0, ones.AsSpan(0, 100)));
        Assert.Equal(50UL, Found(packed, 50, SeekTarget.Data));
        Assert.Equal(100UL, Found(packed, 50, SeekTarget.Hole));
    }

    [Fact]
    public void Only_regular_files_have_bytes()
    {
        Volume volume = arena.Volume;
        Assert.Equal(Errno.EISDIR, volume.DefaultTree.Write(arena.Worker, volume.DefaultTree.Root, 0, ones, default));
        Assert.Equal(Errno.EISDIR, volume.DefaultTree.SetSize(arena.Worker, volume.DefaultTree.Root, 0));
        var segments = new IoVector[Tree.SegmentsMax(1)];
        Assert.Equal(Errno.EISDIR, volume.DefaultTree.Read(arena.Worker, volume.DefaultTree.Root, 0, 1, segments,
            out _, out _));
        Assert.Equal(Errno.ESTALE, volume.DefaultTree.Write(arena.Worker, default, 0, ones, default));
        var nobody = new InodeNumber(12345);
        Assert.Equal(Errno.ESTALE, volume.DefaultTree.Read(arena.Worker, nobody, 0, 1, segments, out _, out _));
        var device = new DataFile(arena, ModeBits.Fifo | 0x1A4);
        Assert.Equal(Errno.EINVAL, device.Write(0, ones));
        var file = new DataFile(arena);
        Assert.Equal(Errno.EOPNOTSUPP, file.Allocate(0, 1, FallocateMode.PunchHole));
        Assert.Equal(Errno.EOPNOTSUPP, file.Allocate(0, 1, (FallocateMode)8));
        Assert.Equal(Errno.EINVAL, file.Allocate(0, 0));
        // An error leaves no lock behind.
        Assert.Equal(Errno.OK, volume.DefaultTree.Write(arena.Worker, file.Inode, 0, ones, default));
    }

    private static ulong Found(DataFile file, ulong offset, SeekTarget target)
    {
        Assert.Equal(Errno.OK, file.Seek(offset, target, out ulong found));
        return found;
    }
}
