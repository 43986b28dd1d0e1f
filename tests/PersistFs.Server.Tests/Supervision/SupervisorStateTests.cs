using PersistFs.Server.Supervision;

namespace PersistFs.Server.Tests.Supervision;

/// <summary>What a keeper passes on to the program that it becomes.</summary>
public sealed class SupervisorStateTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        SupervisorState written = new(3, 4, 5, 6789, [("fuse", 512), ("with a blank, and:colon", 513)]);
        SupervisorState read = SupervisorState.Parse(written.ToString())!;
        Assert.Equal((3, 4, 5, 6789), (read.Lock, read.NotifySocket, read.ControlSocket, read.Server));
        Assert.Equal(written.Kept, read.Kept);
        Assert.Equal([3, 4, 5, 512, 513], read.Descriptors);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1 3 4 5")]
    [InlineData("2 3 4 5 6789")]
    [InlineData("1 3 4 five 6789")]
    [InlineData("1 3 4 5 6789 fuse")]
    [InlineData("1 3 4 5 6789 x:fuse")]
    public void What_is_not_whole_or_of_another_version_is_refused(string? text) =>
        Assert.Null(SupervisorState.Parse(text));
}
