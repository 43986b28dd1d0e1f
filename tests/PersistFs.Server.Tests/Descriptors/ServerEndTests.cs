using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Tests.Descriptors;

/// <summary>Which ends of a server are its own doing.</summary>
public sealed class ServerEndTests
{
    [Theory]
    [InlineData(1)] // SIGHUP
    [InlineData(2)] // SIGINT
    [InlineData(9)] // SIGKILL
    [InlineData(15)] // SIGTERM
    [InlineData(64)]
    public void A_signal_that_somebody_sends_is_from_outside(int signal) =>
        Assert.True(ServerEnd.IsFromOutside(128 + signal));

    [Theory]
    [InlineData(128 + 4)] // SIGILL
    [InlineData(128 + 6)] // SIGABRT, of a bug that was noticed too
    [InlineData(128 + 7)] // SIGBUS
    [InlineData(128 + 11)] // SIGSEGV
    [InlineData(0)]
    [InlineData(70)]
    [InlineData(128)]
    [InlineData(255)]
    public void What_a_process_does_itself_is_not(int exitCode) => Assert.False(ServerEnd.IsFromOutside(exitCode));
}
