namespace PersistFs.Server.Health;

/// <summary>What became of a promise on the machine at hand.</summary>
public enum HealthStatus
{
    /// <summary>It holds.</summary>
    Holds,

    /// <summary>It holds with a restriction that was chosen, or cannot be had.</summary>
    Note,

    /// <summary>It does not hold, and could.</summary>
    Fails,
}
