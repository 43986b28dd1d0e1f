using PersistFs.Server.Descriptors;
using PersistFs.Server.Status;

namespace PersistFs.Server.Health;

/// <summary>What systemd does with descriptors that a unit has stored.</summary>
/// <param name="SystemdVersion">Its version; null where there is none.</param>
/// <param name="IsStorePreserved">Whether the unit at hand has FileDescriptorStorePreserve=yes.</param>
public sealed record StoreFacts(int? SystemdVersion, bool IsStorePreserved)
{
    /// <summary>As it is written in messages.</summary>
    public string Name => SystemdVersion is { } version ? $"systemd {version}" : "this systemd";

    /// <summary>Asks, of the unit that serves a tree.</summary>
    public static StoreFacts Read(StatusReport? report)
    {
        string? unit = report is { Store: DescriptorStoreKind.Systemd, ProcessId: { } process }
            ? ServiceUnit.Of(process) : null;
        return new StoreFacts(ServiceUnit.Version(), unit is not null && ServiceUnit.KeepsStoreWhenStopped(unit));
    }
}
