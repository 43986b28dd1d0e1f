namespace PersistFs.Server.Status;

/// <summary>How often one kind of request came.</summary>
/// <param name="Name">The operation, as "lookup".</param>
/// <param name="Count">Requests since the server started.</param>
public sealed record OperationStatus(string Name, ulong Count);
