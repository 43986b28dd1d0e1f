using PersistFs.Server.Supervision;

namespace PersistFs.Server.Tests.Supervision;

/// <summary>A keeper's command line.</summary>
public sealed class SupervisorArgumentsTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        SupervisorArguments written = new(
            3, "/mnt/a b", "/usr/bin/persistfs", ["persistfs", "serve", "/mnt/a b", "-o", "ro"]);
        SupervisorArguments read = SupervisorArguments.Parse([.. written.ToStrings()])!;
        Assert.Equal((3, written.MountPoint, written.Program), (read.ReadyDescriptor, read.MountPoint, read.Program));
        Assert.Equal(written.Arguments, read.Arguments);
    }

    [Theory]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("3 /mnt /usr/bin/persistfs")]
    [InlineData("three /mnt /usr/bin/persistfs persistfs serve")]
    public void What_is_not_whole_is_refused(string line) => Assert.Null(SupervisorArguments.Parse(line.Split(' ')));
}
