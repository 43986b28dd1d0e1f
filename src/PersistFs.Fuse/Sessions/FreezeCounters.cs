namespace PersistFs.Fuse.Sessions;

/// <summary>What freezing has done to requests.</summary>
/// <param name="Waiting">Requests that wait now.</param>
/// <param name="Refused">Requests answered with EBUSY since the session began.</param>
public readonly record struct FreezeCounters(int Waiting, long Refused);
