namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>What a request is blamed for that was in hand when its server ended.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class SuspectTests : IDisposable
{
    private readonly HeldTree tree = new();

    public void Dispose() => tree.Dispose();

    [RootTheory(ProductOnly = true)]
    [InlineData(Signum.SIGKILL, "0 crashes, 1 kills")]
    [InlineData(Signum.SIGABRT, "1 crashes, 0 kills")]
    [InlineData(Signum.SIGSEGV, "1 crashes, 0 kills")]
    public void A_server_that_ends_by_itself_is_held_against_its_request_and_one_that_is_killed_is_not(
        Signum signal, string counted)
    {
        tree.Up("--workers", "1");
        int server = tree.Server;
        StormTracer.EndInRequest(
            server, signal, () => Succeeds(Syscall.mkdir(tree.At("made"), Mode(755))), IsInHand);
        tree.AwaitSuccessor(server);
        Assert.True(Directory.Exists(tree.At("made")));
        Assert.Contains(counted, tree.Run("dump", tree.Arena), StringComparison.Ordinal);
    }

    private bool IsInHand() =>
        tree.Run("dump", tree.Arena).Contains("in hand: request", StringComparison.Ordinal);
}
