namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Clients of every kind on one tree, all at once.</summary>
internal sealed class TakeoverStressLoad : IDisposable
{
    private readonly TakeoverStressClient[] clients;

    /// <param name="home">A directory in the tree.</param>
    /// <param name="seed">What the clients do.</param>
    public TakeoverStressLoad(string home, int seed)
    {
        Pause = new TakeoverStressPauseClient($"{home}/pause", seed);
        clients =
        [
            Pause,
            new TakeoverStressTreeClient($"{home}/tree1", seed + 1),
            new TakeoverStressTreeClient($"{home}/tree2", seed + 2),
            new TakeoverStressFileClient($"{home}/file", seed + 3, isDirect: false),
            new TakeoverStressFileClient($"{home}/direct", seed + 4, isDirect: true),
            new TakeoverStressAppendClient($"{home}/append", seed + 5),
            new TakeoverStressMappingClient($"{home}/mapping", seed + 6),
            new TakeoverStressDatabaseClient($"{home}/database", seed + 7),
            new TakeoverStressListingClient($"{home}/listing", seed + 8),
            new TakeoverStressStandingClient($"{home}/standing", seed + 9),
        ];
        foreach (TakeoverStressClient client in clients) client.Start();
    }

    /// <summary>The client that times its calls.</summary>
    public TakeoverStressPauseClient Pause { get; }

    /// <summary>Rounds of the clients whose calls all reach the server.</summary>
    public long Rounds => clients[1].Rounds + clients[2].Rounds;

    public bool HasFailed => clients.Any(client => client.HasFailed);

    /// <summary>Fails the test for the first client that has come upon something wrong.</summary>
    public void AssertGoesOn()
    {
        foreach (TakeoverStressClient client in clients.Where(client => client.HasFailed)) client.End();
    }

    /// <summary>Ends all clients after a last look at what they made; fails the test for what has gone wrong.</summary>
    public void End()
    {
        foreach (TakeoverStressClient client in clients) client.End();
    }

    public void Dispose()
    {
        foreach (TakeoverStressClient client in clients) client.Dispose();
    }

    /// <summary>How far each client has come.</summary>
    public override string ToString() =>
        string.Join(", ", clients.Select(client => $"{client.GetType().Name} {client.Rounds}"));
}
