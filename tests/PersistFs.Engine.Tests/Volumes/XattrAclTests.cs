using PersistFs.Engine.Format;
using PersistFs.Engine.Tests.Structures;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

public sealed class XattrAclTests
{
    private const string Access = "system.posix_acl_access";
    private const string Default = "system.posix_acl_default";
    private const string Extended = "u::rwx,u:7:rw-,g::r-x,m::rwx,o::--x";

    [Fact]
    public void An_access_list_changes_the_mode_and_reads_back_canonical()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.Make(ModeBits.Regular | ModeBits.SetUserId | 0x1A4);
        byte[] sloppy = AclBytes.Parse(Extended);
        sloppy.AsSpan(8, 4).Clear();
        Assert.Equal(Errno.OK, arena.Set(inode, Access, sloppy));
        Assert.Equal(AclBytes.Parse(Extended), arena.Get(inode, Access));
        Assert.Equal(ModeBits.Regular | ModeBits.SetUserId | 0x1F9, arena.Stat(inode).Mode);
        Assert.Equal([Access], arena.List(inode));
    }

    [Fact]
    public void A_list_that_says_no_more_than_the_mode_becomes_the_mode_and_drops_the_old_one()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse(Extended)));
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse("u::rw-,g::-w-,o::r--")));
        Assert.Equal(ModeBits.Regular | 0x194, arena.Stat(inode).Mode);
        Assert.Equal(Errno.ENODATA, arena.TryGet(inode, Access));
        Assert.Empty(arena.List(inode));
    }

    [Fact]
    public void Removing_an_access_list_keeps_the_mode_and_succeeds_even_without_one()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Remove(inode, Access));
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse(Extended)));
        Assert.Equal(Errno.OK, arena.Remove(inode, Access));
        Assert.Equal(ModeBits.Regular | 0x1F9, arena.Stat(inode).Mode);
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse(Extended)));
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse("")));
        Assert.Equal(Errno.ENODATA, arena.TryGet(inode, Access));
        Assert.Equal(ModeBits.Regular | 0x1F9, arena.Stat(inode).Mode);
    }

    [Theory]
    [InlineData(XattrSetFlags.None, ModeBits.SetGroupId)]
    [InlineData(XattrSetFlags.KillSetGroupId, 0u)]
    public void Set_group_id_goes_when_the_kernel_says_so(XattrSetFlags flags, uint expected)
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.Make(ModeBits.Regular | ModeBits.SetGroupId | 0x1ED);
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse(Extended), flags));
        Assert.Equal(expected, arena.Stat(inode).Mode & ModeBits.SetGroupId);
    }

    [Fact]
    public void Only_directories_have_a_default_list_and_symbolic_links_have_none_at_all()
    {
        using var arena = new InodeArena();
        InodeNumber file = arena.MakeFile();
        Assert.Equal(Errno.EACCES, arena.Set(file, Default, AclBytes.Parse(Extended)));
        Assert.Equal(Errno.OK, arena.Set(file, Default, AclBytes.Parse("")));
        Assert.Equal(Errno.ENODATA, arena.TryGet(file, Default));
        InodeNumber link = arena.Make(ModeBits.SymbolicLink | 0x1FF);
        Assert.Equal(Errno.EOPNOTSUPP, arena.Set(link, Access, AclBytes.Parse(Extended)));
        Assert.Equal(Errno.EOPNOTSUPP, arena.TryGet(link, Access));
        Assert.Equal(Errno.EOPNOTSUPP, arena.Remove(link, Access));
        InodeNumber directory = arena.MakeDirectory();
        uint mode = arena.Stat(directory).Mode;
        Assert.Equal(Errno.OK, arena.Set(directory, Default, AclBytes.Parse("u::---,g::---,o::---")));
        Assert.Equal(AclBytes.Parse("u::---,g::---,o::---"), arena.Get(directory, Default));
        Assert.Equal(mode, arena.Stat(directory).Mode);
    }

    [Fact]
    public void A_malformed_list_changes_nothing()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.EINVAL, arena.Set(inode, Access, [2, 0, 0, 0, 1]));
        Assert.Equal(Errno.EOPNOTSUPP, arena.Set(inode, Access, [1, 0, 0, 0]));
        Assert.Equal(Errno.EINVAL, arena.Set(inode, Access, AclBytes.Parse("u::rwx,g::rwx")));
        Assert.Equal(Errno.E2BIG, arena.Set(inode, Access, new byte[4100]));
        Assert.Equal(ModeBits.Regular | 0x1A4, arena.Stat(inode).Mode);
        Assert.Empty(arena.List(inode));
    }

    [Fact]
    public void The_longest_list_is_stored_changed_by_chmod_and_inherited()
    {
        using var arena = new InodeArena();
        InodeNumber directory = arena.MakeDirectory();
        IEnumerable<string> users = Enumerable.Range(0, 507).Select(id => $"u:{id}:rw-");
        byte[] acl = AclBytes.Parse($"u::rwx,{string.Join(',', users)},g::r-x,m::rwx,o::--x");
        Assert.Equal(4092, acl.Length);
        Assert.Equal(Errno.OK, arena.Set(directory, Access, acl));
        Assert.Equal(Errno.OK, arena.Set(directory, Default, acl));
        Assert.Equal(Errno.OK, arena.Change(directory, new AttributeChange { Mode = 0x1C0 }));
        Assert.Equal(acl.Length, arena.Get(directory, Access).Length);
        InodeNumber child = arena.MakeIn(directory, ModeBits.Directory | 0x1FF, 0);
        Assert.Equal(acl, arena.Get(child, Default));
        Assert.Equal(acl, arena.Get(child, Access));
        Assert.Equal(ModeBits.Directory | 0x1F9, arena.Stat(child).Mode);
    }

    [Fact]
    public void Chmod_changes_the_mask_of_a_stored_list()
    {
        using var arena = new InodeArena();
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, Access, AclBytes.Parse(Extended)));
        Assert.Equal(Errno.OK, arena.Change(inode, new AttributeChange { Mode = 0x1A0 }));
        Assert.Equal(AclBytes.Parse("u::rw-,u:7:rw-,g::r-x,m::r--,o::---"), arena.Get(inode, Access));
        Assert.Equal(ModeBits.Regular | 0x1A0, arena.Stat(inode).Mode);
    }

    [Fact]
    public void Without_a_default_list_creation_applies_the_umask()
    {
        using var arena = new InodeArena();
        InodeNumber directory = arena.MakeDirectory();
        Assert.Equal(ModeBits.Regular | 0x1A4, ModeOfNew(ModeBits.Regular | 0x1B6));
        Assert.Equal(Errno.OK, arena.Set(directory, "user.a", [1]));
        Assert.Equal(ModeBits.Regular | 0x1A4, ModeOfNew(ModeBits.Regular | 0x1B6));
        Assert.Equal(ModeBits.SymbolicLink | 0x1FF, ModeOfNew(ModeBits.SymbolicLink | 0x1FF));

        uint ModeOfNew(uint mode) => arena.Stat(arena.MakeIn(directory, mode, 0x12)).Mode;
    }

    [Fact]
    public void Below_a_default_list_a_file_gets_an_access_list_and_the_umask_counts_for_nothing()
    {
        using var arena = new InodeArena();
        InodeNumber directory = arena.MakeDirectory();
        Assert.Equal(Errno.OK, arena.Set(directory, Default, AclBytes.Parse(Extended)));
        InodeNumber file = arena.MakeIn(directory, ModeBits.Regular | 0x1B6, 0x3F);
        Assert.Equal(ModeBits.Regular | 0x1B0, arena.Stat(file).Mode);
        Assert.Equal(AclBytes.Parse("u::rw-,u:7:rw-,g::r-x,m::rw-,o::---"), arena.Get(file, Access));
        Assert.Equal([Access], arena.List(file));
    }

    [Fact]
    public void Below_a_default_list_a_directory_gets_both_lists_and_a_minimal_one_leaves_only_the_default()
    {
        using var arena = new InodeArena();
        InodeNumber directory = arena.MakeDirectory();
        Assert.Equal(Errno.OK, arena.Set(directory, Default, AclBytes.Parse(Extended)));
        InodeNumber child = arena.MakeIn(directory, ModeBits.Directory | 0x1ED, 0x3F);
        Assert.Equal(AclBytes.Parse(Extended), arena.Get(child, Default));
        Assert.Equal(AclBytes.Parse("u::rwx,u:7:rw-,g::r-x,m::r-x,o::--x"), arena.Get(child, Access));
        Assert.Equal(Errno.OK, arena.Set(directory, Default, AclBytes.Parse("u::rwx,g::r-x,o::---")));
        InodeNumber second = arena.MakeIn(directory, ModeBits.Directory | 0x1FF, 0);
        Assert.Equal([Default], arena.List(second));
        Assert.Equal(ModeBits.Directory | 0x1E8, arena.Stat(second).Mode);
        InodeNumber file = arena.MakeIn(directory, ModeBits.Regular | 0x1FF, 0);
        Assert.Empty(arena.List(file));
        Assert.Equal(ModeBits.Regular | 0x1E8, arena.Stat(file).Mode);
    }
}
