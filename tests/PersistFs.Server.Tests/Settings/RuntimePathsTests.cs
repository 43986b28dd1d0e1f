using PersistFs.Server.Paths;

namespace PersistFs.Server.Tests.Settings;

public sealed class RuntimePathsTests
{
    [Theory]
    [InlineData("/mnt/pkram", "mnt-pkram")]
    [InlineData("/mnt/a-b/", @"mnt-a\x2db")]
    [InlineData("/", "-")]
    [InlineData("/.hidden/x", @"\x2ehidden-x")]
    [InlineData("/a b/ü", @"a\x20b-\xc3\xbc")]
    public void A_mount_point_is_named_as_systemd_names_it(string path, string name) =>
        Assert.Equal(name, RuntimePaths.Escape(path));
}
