using PersistFs.Fuse.Mounts;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>Option strings for mount(2) and for fusermount3(1).</summary>
public sealed class FuseMountOptionsTests
{
    private static readonly FuseMountOptions Options = new() { Target = "/mnt", Source = "arena" };

    [Fact]
    public void The_kernel_is_told_the_descriptor_and_to_check_permissions()
    {
        Assert.Equal(
            "fd=5,rootmode=40000,user_id=1,group_id=2,default_permissions,allow_other",
            Options.ToKernelOptions(5, 1, 2));
        Assert.Equal("fuse.persistfs", Options.Type);
    }

    [Fact]
    public void The_helper_is_told_the_rest_with_commas_escaped()
    {
        FuseMountOptions options = Options with
        {
            Source = @"a,b\c",
            AllowOther = false,
            Flags = MountFlags.ReadOnly | MountFlags.NoAccessTime,
        };

        Assert.Equal(@"fsname=a\,b\\c,subtype=persistfs,default_permissions,ro,noatime", options.ToHelperOptions());
    }

    [Fact]
    public void Errors_name_the_object_and_the_next_step()
    {
        MountException missing = Assert.Throws<MountException>(() => Mount.Detach("/nonexistent/mount"));
        Assert.Contains("/nonexistent/mount", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_descriptor_that_is_not_mounted_has_no_connection()
    {
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.Stream, out int first, out int second));
        Assert.Null(Mount.ConnectionOf(first));
        _ = Libc.Close(first);
        _ = Libc.Close(second);
    }
}
