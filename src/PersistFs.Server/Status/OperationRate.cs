namespace PersistFs.Server.Status;

/// <summary>How often one kind of request comes.</summary>
/// <param name="Name">The operation, as "Lookup".</param>
/// <param name="PerSecond">Requests a second.</param>
public sealed record OperationRate(string Name, double PerSecond);
