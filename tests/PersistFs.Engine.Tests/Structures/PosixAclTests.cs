using PersistFs.Engine.Structures;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Structures;

public sealed class PosixAclTests
{
    [Theory]
    [InlineData("u::rwx,g::r-x,o::r--", true, 0x1EC)]
    [InlineData("u::rw-,u:7:rwx,g::rwx,m::r--,o::---", false, 0x1A0)]
    [InlineData("u::rwx,g::rwx,m::--x,o::-w-", false, 0x1CA)]
    [InlineData("u::---,u:0:r--,u:0:r--,g::---,g:5:rwx,g:4:---,m::rwx,o::---", false, 0x038)]
    public void A_well_formed_list_says_which_mode_it_shows(string text, bool isMinimal, int accessBits)
    {
        Assert.Equal(Errno.OK, PosixAcl.TryParse(AclBytes.Parse(text), out PosixAcl acl));
        Assert.Equal(isMinimal, acl.IsMinimal);
        Assert.Equal((uint)accessBits, acl.AccessBits);
    }

    [Theory]
    [InlineData("u::rwx")]
    [InlineData("u::rwx,g::rwx")]
    [InlineData("g::rwx,o::rwx")]
    [InlineData("u::rwx,o::rwx")]
    [InlineData("u::rwx,u::rwx,g::rwx,o::rwx")]
    [InlineData("u::rwx,g::rwx,g::rwx,o::rwx")]
    [InlineData("u::rwx,g::rwx,m::rwx,m::rwx,o::rwx")]
    [InlineData("u::rwx,g::rwx,o::rwx,o::rwx")]
    [InlineData("u::rwx,g::rwx,o::rwx,m::rwx")]
    [InlineData("g::rwx,u::rwx,o::rwx")]
    [InlineData("u::rwx,g::rwx,u:1:rwx,m::rwx,o::rwx")]
    [InlineData("u::rwx,u:1:rwx,g::rwx,o::rwx")]
    [InlineData("u::rwx,g::rwx,g:1:rwx,o::rwx")]
    [InlineData("u::rwx,u:4294967295:rwx,g::rwx,m::rwx,o::rwx")]
    public void A_list_with_an_entry_missing_doubled_or_out_of_order_is_invalid(string text) =>
        Assert.Equal(Errno.EINVAL, PosixAcl.TryParse(AclBytes.Parse(text), out _));

    [Fact]
    public void Malformed_bytes_are_refused()
    {
        byte[] good = AclBytes.Parse("u::rwx,g::r-x,o::r--");
        for (int length = 0; length < good.Length; length++)
        {
            Errno expected = length == 4 ? Errno.OK : Errno.EINVAL;
            Assert.Equal(expected, PosixAcl.TryParse(good.AsSpan(0, length), out _));
        }
        Assert.Equal(Errno.EOPNOTSUPP, PosixAcl.TryParse(Changed(good, 0, 3), out _));
        Assert.Equal(Errno.EINVAL, PosixAcl.TryParse(Changed(good, 4, 0x40), out _));
        Assert.Equal(Errno.EINVAL, PosixAcl.TryParse(Changed(good, 6, 8), out _));
        Assert.Equal(Errno.E2BIG, PosixAcl.TryParse(new byte[PosixAcl.SizeInBytesMax + 4], out _));
    }

    [Fact]
    public void The_canonical_form_has_no_id_where_the_tag_takes_none()
    {
        byte[] canonical = AclBytes.Parse("u::rwx,u:7:r--,g::r-x,m::r-x,o::r--");
        byte[] sloppy = (byte[])canonical.Clone();
        sloppy.AsSpan(8, 4).Clear();
        sloppy.AsSpan(40, 4).Fill(9);
        Assert.Equal(Errno.OK, PosixAcl.TryParse(sloppy, out PosixAcl acl));
        byte[] written = new byte[acl.SizeInBytes];
        acl.WriteTo(written);
        Assert.Equal(canonical, written);
    }

    [Theory]
    [InlineData("u::rwx,u:7:rwx,g::rwx,m::rwx,o::rwx", 0x1A0, "u::rw-,u:7:rwx,g::rwx,m::r--,o::---")]
    [InlineData("u::rwx,g::rwx,o::rwx", 0x1A0, "u::rw-,g::r--,o::---")]
    [InlineData("u::---,g::---,m::---,o::---", 0x1F9, "u::rwx,g::---,m::rwx,o::--x")]
    public void Changing_the_mode_changes_the_mask_or_without_one_the_owning_group(
        string before, int mode, string after)
    {
        byte[] acl = AclBytes.Parse(before);
        PosixAcl.ApplyMode(acl, (uint)mode);
        Assert.Equal(AclBytes.Parse(after), acl);
    }

    [Theory]
    [InlineData("u::rwx,g::r-x,o::r-x", 0x81B6, "u::rw-,g::r--,o::r--", 0x81A4)]
    [InlineData("u::rwx,u:7:rwx,g::r-x,m::rwx,o::---", 0x81B6, "u::rw-,u:7:rwx,g::r-x,m::rw-,o::---", 0x81B0)]
    [InlineData("u::rwx,g::rwx,g:7:rwx,m::r-x,o::rwx", 0x4FC0, "u::rwx,g::rwx,g:7:rwx,m::---,o::---", 0x4FC0)]
    public void Creation_below_a_default_list_keeps_what_list_and_mode_both_allow(
        string defaults, int mode, string access, int childMode)
    {
        byte[] acl = AclBytes.Parse(defaults);
        Assert.Equal((uint)childMode, PosixAcl.Restrict(acl, (uint)mode));
        Assert.Equal(AclBytes.Parse(access), acl);
    }

    private static byte[] Changed(byte[] bytes, int position, byte value)
    {
        byte[] changed = (byte[])bytes.Clone();
        changed[position] = value;
        return changed;
    }
}
