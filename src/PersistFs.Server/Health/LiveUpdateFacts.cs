using PersistFs.Linux;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Health;

/// <summary>What this machine has of the Live Update Orchestrator.</summary>
/// <param name="HasDevice">Whether /dev/liveupdate is there.</param>
/// <param name="SystemdVersion">
/// The version of systemd, whose descriptor store can keep memory as a supervisor does; null where there is none.
/// </param>
public sealed record LiveUpdateFacts(bool HasDevice, int? SystemdVersion = null)
{
    /// <summary>Looks.</summary>
    public static LiveUpdateFacts Read() => new(File.Exists(Libc.LiveUpdateDevice), ServiceUnit.Version());
}
