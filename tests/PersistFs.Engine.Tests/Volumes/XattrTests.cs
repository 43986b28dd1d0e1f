using PersistFs.Engine.Format;
using PersistFs.Engine.Tests.Structures;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

public sealed class XattrTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(2026)]
    [InlineData(2027)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void A_value_reads_back_as_it_was_set_and_outlives_the_process(int length)
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        byte[] value = InodeArena.Pattern(length, length);
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", value));
        Assert.Equal(value, arena.Get(inode, "user.a"));
        arena.Reopen();
        Assert.Equal(value, arena.Get(inode, "user.a"));
        Assert.Equal(Errno.OK, arena.Remove(inode, "user.a"));
        Assert.Equal(Errno.ENODATA, arena.TryGet(inode, "user.a"));
        Assert.Equal(0UL, arena.Record(inode).Attributes);
    }

    [Fact]
    public void The_last_value_that_fits_an_object_takes_no_block_of_its_own()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        long before = arena.FreeBlocks;
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", new byte[SizeClass.ObjectSizeMax - 16 - 6]));
        Assert.Equal(before - 1, arena.FreeBlocks);
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", new byte[SizeClass.ObjectSizeMax - 16 - 5]));
        Assert.Equal(before - 2, arena.FreeBlocks);
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", []));
        Assert.Equal(before - 1, arena.FreeBlocks);
    }

    [Fact]
    public void Replacing_and_removing_in_the_middle_leaves_the_others_and_their_order()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeDirectory();
        foreach (string name in (string[])["user.a", "security.b", "trusted.c", "user.d"])
            Assert.Equal(Errno.OK, arena.Set(inode, name, InodeArena.Bytes(name)));
        Assert.Equal(Errno.OK, arena.Set(inode, "security.b", InodeArena.Pattern(5000, 1)));
        Assert.Equal(["user.a", "security.b", "trusted.c", "user.d"], arena.List(inode));
        Assert.Equal(InodeArena.Pattern(5000, 1), arena.Get(inode, "security.b"));
        Assert.Equal(Errno.OK, arena.Remove(inode, "trusted.c"));
        Assert.Equal(["user.a", "security.b", "user.d"], arena.List(inode));
        Assert.Equal(Errno.OK, arena.Remove(inode, "user.a"));
        Assert.Equal(Errno.OK, arena.Remove(inode, "user.d"));
        Assert.Equal(["security.b"], arena.List(inode));
    }

    [Fact]
    public void Create_and_replace_insist_on_absence_and_presence()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.ENODATA, arena.Set(inode, "user.a", [1], XattrSetFlags.Replace));
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", [1], XattrSetFlags.Create));
        Assert.Equal(Errno.EEXIST, arena.Set(inode, "user.a", [2], XattrSetFlags.Create));
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", [3], XattrSetFlags.Replace));
        Assert.Equal([3], arena.Get(inode, "user.a"));
        Assert.Equal(Errno.ENODATA, arena.Remove(inode, "user.b"));
    }

    [Fact]
    public void A_buffer_that_is_too_small_is_ERANGE_and_stays_untouched()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", [1, 2, 3]));
        byte[] buffer = new byte[2];
        Credentials root = Credentials.Root;
        Assert.Equal(Errno.ERANGE, arena.Tree.GetXattr(arena.Worker, inode, "user.a"u8, buffer, out _));
        Assert.Equal(Errno.ERANGE, arena.Tree.ListXattr(arena.Worker, inode, in root, buffer, out _));
        Assert.Equal([0, 0], buffer);
    }

    [Theory]
    [InlineData("", Errno.ERANGE)]
    [InlineData("user.", Errno.EINVAL)]
    [InlineData("trusted.", Errno.EINVAL)]
    [InlineData("user.a\0b", Errno.EINVAL)]
    [InlineData("user", Errno.EOPNOTSUPP)]
    [InlineData("system.other", Errno.EOPNOTSUPP)]
    [InlineData("system.posix_acl_access2", Errno.EOPNOTSUPP)]
    [InlineData("os2.a", Errno.EOPNOTSUPP)]
    public void A_name_outside_of_the_namespaces_is_refused(string name, Errno expected)
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(expected, arena.Set(inode, name, [1]));
        Assert.Equal(expected, arena.TryGet(inode, name));
        Assert.Equal(expected, arena.Remove(inode, name));
    }

    [Fact]
    public void Names_and_values_have_their_limits()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        string longest = "user." + new string('n', 250);
        Assert.Equal(Errno.OK, arena.Set(inode, longest, new byte[65536]));
        Assert.Equal(65536, arena.Get(inode, longest).Length);
        Assert.Equal(Errno.ERANGE, arena.Set(inode, longest + "n", [1]));
        Assert.Equal(Errno.E2BIG, arena.Set(inode, "user.a", new byte[65537]));
    }

    [Theory]
    [InlineData(ModeBits.SymbolicLink)]
    [InlineData(ModeBits.Fifo)]
    [InlineData(ModeBits.Socket)]
    [InlineData(ModeBits.CharacterDevice)]
    [InlineData(ModeBits.BlockDevice)]
    public void Special_files_take_trusted_and_security_attributes_but_no_user_ones(uint type)
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.Make(type | 0x1B6);
        Assert.Equal(Errno.EPERM, arena.Set(inode, "user.a", [1]));
        Assert.Equal(Errno.ENODATA, arena.TryGet(inode, "user.a"));
        Assert.Equal(Errno.EPERM, arena.Remove(inode, "user.a"));
        Assert.Equal(Errno.OK, arena.Set(inode, "trusted.a", [1]));
        Assert.Equal(Errno.OK, arena.Set(inode, "security.a", [2]));
        Assert.Equal(["trusted.a", "security.a"], arena.List(inode));
    }

    [Fact]
    public void Only_root_sees_trusted_names()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, "trusted.a", [1]));
        Assert.Equal(Errno.OK, arena.Set(inode, "user.b", [1]));
        Assert.Equal(["trusted.a", "user.b"], arena.List(inode));
        Assert.Equal(["user.b"], arena.List(inode, userId: 1000));
    }

    [Theory]
    [InlineData(InodeFlags.Immutable)]
    [InlineData(InodeFlags.AppendOnly)]
    public void Inode_flags_forbid_changes(uint flag)
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", [1]));
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, inode, flag));
        Assert.Equal(Errno.EPERM, arena.Set(inode, "user.a", [2]));
        Assert.Equal(Errno.EPERM, arena.Remove(inode, "user.a"));
        Assert.Equal(Errno.EPERM, arena.Set(inode, "system.posix_acl_access", AclBytes.Parse("u::rwx,g::rwx,o::rwx")));
        Assert.Equal([1], arena.Get(inode, "user.a"));
    }

    [Fact]
    public void Setting_and_removing_change_the_change_time_alone()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        var past = new AttributeChange { ModificationTime = TimeChange.At(1, 0), ChangeTime = TimeChange.At(1, 0) };
        Assert.Equal(Errno.OK, arena.Change(inode, past));
        long before = Libc.FileTimeNow();
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", [1]));
        Assert.True(arena.Stat(inode).ChangeTime >= before);
        Assert.Equal(Errno.OK, arena.Change(inode, past));
        Assert.Equal(Errno.OK, arena.Remove(inode, "user.a"));
        Assert.True(arena.Stat(inode).ChangeTime >= before);
        Assert.Equal(1_000_000_000, arena.Stat(inode).ModificationTime);
    }

    [Fact]
    public void The_list_of_names_stops_at_what_listxattr_can_return()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        string tail = new('n', 240);
        int count = 0;
        while (arena.Set(inode, $"user.{count:d10}{tail}", [1]) == Errno.OK) count++;
        Assert.Equal(65536 / 256, count);
        Assert.Equal(Errno.ENOSPC, arena.Set(inode, "user.x", [1]));
        Assert.Equal(Errno.OK, arena.Set(inode, $"user.{7:d10}{tail}", [2]));
        Assert.Equal(count, arena.List(inode).Length);
        Assert.Equal(2, arena.FreeAttributes(inode));
        Assert.Empty(arena.List(inode));
    }

    [Fact]
    public void Freeing_takes_a_step_for_each_value_with_blocks_of_its_own()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        foreach (string name in (string[])["user.a", "user.b", "user.c"])
        {
            Assert.Equal(Errno.OK, arena.Set(inode, name + "1", [1]));
            Assert.Equal(Errno.OK, arena.Set(inode, name + "2", new byte[65536]));
        }
        Assert.Equal(6, arena.FreeAttributes(inode));
    }

    [Fact]
    public void Without_space_nothing_is_set_and_removing_still_works()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        int count = 0;
        Errno error;
        while ((error = arena.Set(inode, $"user.{count:d4}", new byte[65536])) == Errno.OK) count++;
        Assert.Equal(Errno.ENOSPC, error);
        Assert.True(count > 100);
        Assert.Equal(count, arena.List(inode).Length);
        for (int index = 0; index < count; index++) Assert.Equal(Errno.OK, arena.Remove(inode, $"user.{index:d4}"));
    }

    [Fact]
    public void A_number_that_names_no_inode_is_ESTALE()
    {
        using var arena = new InodeArena();
        var nowhere = new InodeNumber(12345);
        Assert.Equal(Errno.ESTALE, arena.Set(nowhere, "user.a", [1]));
        Assert.Equal(Errno.ESTALE, arena.TryGet(nowhere, "user.a"));
        Assert.Equal(Errno.ESTALE, arena.Remove(nowhere, "user.a"));
        Assert.Equal(Errno.ESTALE, arena.Change(nowhere, new AttributeChange { Mode = 0 }));
    }

    [Fact]
    public void Operations_allocate_nothing_on_the_managed_heap()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeDirectory();
        byte[] name = InodeArena.Bytes("user.a");
        byte[] aclName = InodeArena.Bytes("system.posix_acl_default");
        byte[] acl = AclBytes.Parse("u::rwx,u:7:rwx,g::r-x,m::rwx,o::---");
        byte[] value = new byte[10000];
        byte[] buffer = new byte[65536];
        Volume volume = arena.Volume;
        long allocated = 0;
        for (int round = 0; round < 300; round++)
        {
            if (round == 200) allocated = GC.GetAllocatedBytesForCurrentThread();
            Credentials root = Credentials.Root;
            var change = new AttributeChange { Mode = 0x1FF, AccessTime = TimeChange.Now, UserId = 3 };
            _ = volume.DefaultTree.SetXattr(arena.Worker, inode, name, value, XattrSetFlags.None);
            _ = volume.DefaultTree.SetXattr(arena.Worker, inode, aclName, acl, XattrSetFlags.None);
            _ = volume.DefaultTree.GetXattr(arena.Worker, inode, name, buffer, out _);
            _ = volume.DefaultTree.ListXattr(arena.Worker, inode, in root, buffer, out _);
            _ = volume.DefaultTree.SetAttributes(arena.Worker, inode, in change, in root, out _);
            _ = volume.DefaultTree.RemoveXattr(arena.Worker, inode, name);
        }
        Assert.Equal(allocated, GC.GetAllocatedBytesForCurrentThread());
    }
}
