using PersistFs.Engine.Format;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

public sealed class AttributeTests
{
    [Fact]
    public void Chmod_sets_permission_bits_and_never_the_type()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { Mode = ModeBits.Directory | 0xFFF }));
        Assert.Equal(ModeBits.Regular | 0xFFF, arena.Stat(inode).Mode);
        InodeNumber link = arena.Make(ModeBits.SymbolicLink | 0x1FF);
        Assert.Equal(Errno.EOPNOTSUPP, arena.Change(link, new AttributeChange { Mode = 0 }));
    }

    [Fact]
    public void What_is_not_given_stays_and_the_change_time_becomes_now()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.Make(ModeBits.Regular | 0x1A4, 5, 6);
        var times = new AttributeChange
        {
            AccessTime = TimeChange.At(1, 0),
            ModificationTime = TimeChange.At(2, 0),
            ChangeTime = TimeChange.At(3, 0),
        };
        Assert.Equal(Errno.OK, arena.Change(inode, times));
        Assert.Equal(3_000_000_000, arena.Stat(inode).ChangeTime);
        long before = Libc.FileTimeNow();
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { UserId = 7 }));
        InodeAttributes attributes = arena.Stat(inode);
        Assert.Equal((7u, 6u, ModeBits.Regular | 0x1A4), (attributes.UserId, attributes.GroupId, attributes.Mode));
        Assert.Equal((1_000_000_000L, 2_000_000_000L), (attributes.AccessTime, attributes.ModificationTime));
        Assert.True(attributes.ChangeTime >= before);
    }

    [Theory]
    [InlineData(0x1EDu, 0u)]
    [InlineData(0x1A4u, ModeBits.SetGroupId)]
    public void Chown_clears_set_id_bits_as_the_kernel_asks(uint permissions, uint expected)
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.Make(ModeBits.Regular | ModeBits.SetUserId | ModeBits.SetGroupId | permissions, 5, 6);
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { GroupId = 9, KillsSetIds = true }));
        Assert.Equal(ModeBits.Regular | permissions | expected, arena.Stat(inode).Mode);
    }

    [Fact]
    public void Chown_by_somebody_outside_of_the_group_clears_set_group_id_in_any_case()
    {
        using var arena = new InodeArena();
        const uint mode = ModeBits.Regular | ModeBits.SetGroupId | 0x1A4;
        var change = new AttributeChange { GroupId = 9, KillsSetIds = true };
        InodeNumber outside = arena.Make(mode, 5, 6);
        Assert.Equal(Errno.OK, arena.Change(outside, change, new Credentials(5, 9, 1)));
        Assert.Equal(ModeBits.Regular | 0x1A4u, arena.Stat(outside).Mode);
        InodeNumber member = arena.Make(mode, 5, 6);
        Assert.Equal(Errno.OK, arena.Change(member, change, new Credentials(5, 6, 1)));
        Assert.Equal(mode, arena.Stat(member).Mode);
    }

    [Fact]
    public void Set_id_bits_of_a_directory_outlive_chown()
    {
        using var arena = new InodeArena();
        const uint mode = ModeBits.Directory | ModeBits.SetUserId | ModeBits.SetGroupId | 0x1ED;
        InodeNumber inode = arena.Make(mode);
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { UserId = 1, KillsSetIds = true }));
        Assert.Equal(mode, arena.Stat(inode).Mode);
    }

    [Fact]
    public void Chown_takes_file_capabilities_away_and_chmod_does_not()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, "security.capability", new byte[20]));
        Assert.Equal(Errno.OK, arena.Set(inode, "security.other", [1]));
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { Mode = 0x1FF }));
        Assert.Equal(20, arena.Get(inode, "security.capability").Length);
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { UserId = 1 }));
        Assert.Equal(["security.other"], arena.List(inode));
    }

    [Fact]
    public void Times_are_set_to_the_nanosecond_or_to_now_and_clamped_to_what_fits()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange
        {
            AccessTime = TimeChange.At(-1, 999_999_999),
            ModificationTime = TimeChange.At(1_000_000_000, 123_456_789),
            ChangeTime = TimeChange.At(17, 0),
        }));
        InodeAttributes attributes = arena.Stat(inode);
        Assert.Equal(-1, attributes.AccessTime);
        Assert.Equal(1_000_000_000_123_456_789, attributes.ModificationTime);
        Assert.Equal(17_000_000_000, attributes.ChangeTime);
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange
        {
            AccessTime = TimeChange.At(long.MaxValue, 0),
            ModificationTime = TimeChange.At(long.MinValue, 0),
        }));
        attributes = arena.Stat(inode);
        Assert.Equal((long.MaxValue, long.MinValue), (attributes.AccessTime, attributes.ModificationTime));
        long before = Libc.FileTimeNow();
        var touch = new AttributeChange { AccessTime = TimeChange.Now, ModificationTime = TimeChange.Now };
        Assert.Equal(Errno.OK, arena.Change(inode, touch));
        attributes = arena.Stat(inode);
        Assert.InRange(attributes.AccessTime, before, Libc.FileTimeNow());
        Assert.Equal(attributes.AccessTime, attributes.ModificationTime);
        Assert.Equal(attributes.AccessTime, attributes.ChangeTime);
    }

    [Fact]
    public void An_immutable_file_changes_nothing_but_what_was_acknowledged()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, inode, InodeFlags.Immutable));
        Assert.Equal(Errno.EPERM, arena.Change(inode, new AttributeChange { Mode = 0 }));
        Assert.Equal(Errno.EPERM, arena.Change(inode, new AttributeChange { AccessTime = TimeChange.Now }));
        var time = TimeChange.At(3, 0);
        var flushed = new AttributeChange { ModificationTime = time, ChangeTime = time, IsAcknowledged = true };
        Assert.Equal(Errno.OK, arena.Change(inode, flushed));
        Assert.Equal(3_000_000_000, arena.Stat(inode).ModificationTime);
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, inode, 0));
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { Mode = 0 }));
    }

    [Fact]
    public void An_append_only_file_can_be_touched_and_nothing_else()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, inode, InodeFlags.AppendOnly));
        var touch = new AttributeChange { AccessTime = TimeChange.Now, ModificationTime = TimeChange.Now };
        Assert.Equal(Errno.OK, arena.Change(inode, touch));
        Assert.Equal(Errno.EPERM, arena.Change(inode, new AttributeChange { ModificationTime = TimeChange.At(1, 0) }));
        Assert.Equal(Errno.EPERM, arena.Change(inode, new AttributeChange { GroupId = 1 }));
    }

    [Fact]
    public void Flags_are_those_of_tmpfs()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeDirectory();
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, inode, InodeFlags.NoDump | InodeFlags.NoAccessTime));
        Assert.Equal(Errno.OK, arena.Tree.GetFlags(arena.Worker, inode, out uint flags));
        Assert.Equal(0xC0u, flags);
        Assert.Equal(0xC0u, arena.Stat(inode).Flags);
        for (int bit = 0; bit < 32; bit++)
        {
            Errno expected = ((1u << bit) & 0xF0u) != 0 ? Errno.OK : Errno.EOPNOTSUPP;
            Assert.Equal(expected, arena.Tree.SetFlags(arena.Worker, inode, 1u << bit));
        }
        InodeNumber fifo = arena.Make(ModeBits.Fifo | 0x1FF);
        Assert.Equal(Errno.ENOTTY, arena.Tree.GetFlags(arena.Worker, fifo, out _));
        Assert.Equal(Errno.ENOTTY, arena.Tree.SetFlags(arena.Worker, fifo, 0));
    }

    [Theory]
    [InlineData(InodeFlags.Immutable, 0x08u)]
    [InlineData(InodeFlags.AppendOnly, 0x10u)]
    [InlineData(InodeFlags.NoAccessTime, 0x40u)]
    [InlineData(InodeFlags.NoDump, 0x80u)]
    [InlineData(InodeFlags.Settable, 0xD8u)]
    public void Flags_have_an_extended_form(uint flags, uint extended)
    {
        Assert.Equal(extended, InodeFlags.ToExtended(flags));
        Assert.True(InodeFlags.TryFromExtended(extended, out uint back));
        Assert.Equal(flags, back);
        Assert.False(InodeFlags.TryFromExtended(extended | 0x20, out _));
    }

    [Fact]
    public void A_volume_that_turned_read_only_changes_nothing()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        arena.Volume.TurnReadOnly("for a test");
        Assert.Equal(Errno.EROFS, arena.Change(inode, new AttributeChange { Mode = 0 }));
        Assert.Equal(Errno.EROFS, arena.Set(inode, "user.a", [1]));
        Assert.Equal(Errno.EROFS, arena.Remove(inode, "user.a"));
        Assert.Equal(Errno.EROFS, arena.Tree.SetFlags(arena.Worker, inode, 0));
        Assert.Equal(ModeBits.Regular | 0x1A4, arena.Stat(inode).Mode);
        arena.Reopen();
    }

    [Fact]
    public void Size_mode_owner_and_times_change_together()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.Make(ModeBits.Regular | ModeBits.SetUserId | 0x1A4);
        Assert.Equal(Errno.OK, arena.Tree.Write(arena.Worker, inode, 0, InodeArena.Pattern(100_000, 1)));
        var change = new AttributeChange
        {
            Size = 4097,
            UserId = 3,
            GroupId = 4,
            AccessTime = TimeChange.At(5, 6),
            ModificationTime = TimeChange.At(7, 8),
            KillsSetIds = true,
        };
        Credentials root = Credentials.Root;
        Assert.Equal(
            Errno.OK, arena.Tree.SetAttributes(
                arena.Worker, inode, in change, in root, out InodeAttributes attributes));
        Assert.Equal((4097UL, 2UL), (attributes.Size, attributes.Blocks));
        Assert.Equal((3u, 4u, ModeBits.Regular | 0x1A4), (attributes.UserId, attributes.GroupId, attributes.Mode));
        Assert.Equal((5_000_000_006L, 7_000_000_008L), (attributes.AccessTime, attributes.ModificationTime));
        long before = Libc.FileTimeNow();
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { Size = ulong.MaxValue >> 1 }));
        Assert.Equal(ulong.MaxValue >> 1, arena.Stat(inode).Size);
        Assert.True(arena.Stat(inode).ModificationTime >= before);
    }

    [Fact]
    public void A_size_that_is_refused_leaves_all_else_as_it_was()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.EFBIG, arena.Change(inode, new AttributeChange { Size = 1UL << 63, Mode = 0, UserId = 9 }));
        Assert.Equal((ModeBits.Regular | 0x1A4, 0u), (arena.Stat(inode).Mode, arena.Stat(inode).UserId));
        Assert.Equal(Errno.EISDIR, arena.Change(arena.MakeDirectory(), new AttributeChange { Size = 0 }));
        Assert.Equal(Errno.EINVAL, arena.Change(arena.Make(ModeBits.Fifo | 0x1FF), new AttributeChange { Size = 0 }));
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, inode, InodeFlags.AppendOnly));
        Assert.Equal(Errno.EPERM, arena.Change(inode, new AttributeChange { Size = 1 }));
    }
}
