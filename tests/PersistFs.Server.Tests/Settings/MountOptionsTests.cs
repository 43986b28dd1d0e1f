using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Tests.Settings;

public sealed class MountOptionsTests
{
    private const ulong Memory = 8UL << 30;

    [Fact]
    public void Options_of_tmpfs_mean_the_same()
    {
        MountOptions options = Parse("size=25%,nr_inodes=2k,mode=1777,uid=5,gid=6,huge=within_size,mpol=bind:0-2,5");
        Assert.Equal(2UL << 30, options.SizeInBytes);
        Assert.Equal(2048UL, options.InodeCountMax);
        Assert.Equal(0x3FFu, options.RootMode);
        Assert.Equal(5u, options.RootUserId);
        Assert.Equal(6u, options.RootGroupId);
        Assert.Equal(HugePolicy.WithinSize, options.Huge);
        Assert.Equal(2, options.MemoryPolicy!.Mode);
        Assert.Equal(0b100111UL, options.MemoryPolicy.Nodes[0]);
    }

    [Fact]
    public void Generic_options_become_flags_and_the_last_one_wins()
    {
        MountOptions options = Parse("ro,nosuid,nodev,noexec,relatime,noatime", "rw,suid");
        Assert.Equal(MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.NoAccessTime, options.Flags);
    }

    [Fact]
    public void Options_for_mount_and_systemd_are_passed_over()
    {
        MountOptions options = Parse("defaults,noauto,nofail,_netdev,x-systemd.automount,comment=mine,user");
        Assert.Equal(new MountOptions(), options);
    }

    [Fact]
    public void The_cache_mode_is_left_to_the_holder_unless_one_is_asked_for()
    {
        Assert.Null(Parse("").CacheMode);
        Assert.Equal(CacheMode.WriteThrough, Parse("writethrough").CacheMode);
        Assert.Equal(CacheMode.WriteBack, Parse("writeback").CacheMode);
    }

    [Theory]
    [InlineData("sizee=4G", "sizee=4G")]
    [InlineData("size=lots", "size")]
    [InlineData("size=", "size")]
    [InlineData("mode=8", "mode")]
    [InlineData("mode=20000", "mode")]
    [InlineData("uid=root", "uid")]
    [InlineData("gid=4294967295", "gid")]
    [InlineData("huge=sometimes", "huge")]
    [InlineData("mpol=bind", "mpol")]
    [InlineData("mpol=local:1", "mpol")]
    [InlineData("mpol=bind:3-1", "mpol")]
    [InlineData("mpol=bind:9999", "mpol")]
    public void A_mistake_is_told_with_the_option_and_what_to_do(string list, string named)
    {
        FailureException failure = Assert.Throws<FailureException>(() => Parse(list));
        Assert.Equal(FailureKind.Usage, failure.Kind);
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.NextStep);
    }

    [Fact]
    public void A_sloppy_mount_drops_only_what_nobody_knows() =>
        Assert.Equal("ro,size=1G,nofail", MountOptions.WithoutUnknown("ro,speed=fast,size=1G,nofail,turbo"));

    private static MountOptions Parse(params string[] lists) => MountOptions.Parse(lists, Memory);
}
