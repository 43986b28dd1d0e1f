namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Clients of every kind on one tree, all at once.</summary>
internal sealed class StormLoad : IDisposable
{
    private readonly StormClient[] clients;

    /// <param name="home">A directory in the tree.</param>
    /// <param name="seed">What the clients do.</param>
    public StormLoad(string home, int seed)
    {
        Pause = new StormPauseClient($"{home}/pause", seed);
        clients =
        [
            Pause,
            new StormTreeClient($"{home}/tree1", seed + 1),
            new StormTreeClient($"{home}/tree2", seed + 2),
            new StormFileClient($"{home}/file", seed + 3, isDirect: false),
            new StormFileClient($"{home}/direct", seed + 4, isDirect: true),
            new StormAppendClient($"{home}/append", seed + 5),
            new StormMappingClient($"{home}/mapping", seed + 6),
            new StormDatabaseClient($"{home}/database", seed + 7),
            new StormListingClient($"{home}/listing", seed + 8),
            new StormStandingClient($"{home}/standing", seed + 9),
        ];
        foreach (StormClient client in clients) client.Start();
    }

    /// <summary>The client that times its calls.</summary>
    public StormPauseClient Pause { get; }

    /// <summary>Rounds of the clients whose calls all reach the server.</summary>
    public long Rounds => clients[1].Rounds + clients[2].Rounds;

    public bool HasFailed => clients.Any(client => client.HasFailed);

    /// <summary>Fails the test for the first client that has come upon something wrong.</summary>
    public void AssertGoesOn()
    {
        foreach (StormClient client in clients.Where(client => client.HasFailed)) client.End();
    }

    /// <summary>Ends all clients after a last look at what they made; fails the test for what has gone wrong.</summary>
    public void End()
    {
        foreach (StormClient client in clients) client.End();
    }

    public void Dispose()
    {
        foreach (StormClient client in clients) client.Dispose();
    }

    /// <summary>How far each client has come.</summary>
    public override string ToString() =>
        string.Join(", ", clients.Select(client => $"{client.GetType().Name} {client.Rounds}"));
}
