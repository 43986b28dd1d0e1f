namespace PersistFs.Server.Doctor;

/// <summary>What this machine has of the Live Update Orchestrator.</summary>
/// <param name="HasDevice">Whether /dev/liveupdate is there.</param>
public sealed record LiveUpdateFacts(bool HasDevice)
{
    /// <summary>Looks.</summary>
    public static LiveUpdateFacts Read() => new(File.Exists("/dev/liveupdate"));
}
