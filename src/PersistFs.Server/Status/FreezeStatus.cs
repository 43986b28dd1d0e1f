namespace PersistFs.Server.Status;

/// <summary>How a frozen tree is.</summary>
/// <param name="Scope">
/// "names": what the kernel brings from its cache is stored, all other changes wait; "all": all changes wait.
/// </param>
/// <param name="Waiting">Requests that wait.</param>
/// <param name="Refused">Requests that have waited too long and were answered with EBUSY.</param>
/// <param name="SecondsLeft">Until the tree thaws by itself.</param>
public sealed record FreezeStatus(string Scope, int Waiting, long Refused, double SecondsLeft);
