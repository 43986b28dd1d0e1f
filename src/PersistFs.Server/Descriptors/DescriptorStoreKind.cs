using System.Text.Json.Serialization;

namespace PersistFs.Server.Descriptors;

/// <summary>What keeps the connection while no server runs.</summary>
public enum DescriptorStoreKind
{
    /// <summary>Nothing: with the server the connection is lost, and its clients see errors.</summary>
    [JsonStringEnumMemberName(DescriptorStoreName.None)]
    None,

    /// <summary>The descriptor store of the service manager (systemd.service(5), FileDescriptorStoreMax=).</summary>
    [JsonStringEnumMemberName(DescriptorStoreName.Systemd)]
    Systemd,

    /// <summary>The supervisor: `persistfs keep`, which `up` starts.</summary>
    [JsonStringEnumMemberName(DescriptorStoreName.Supervisor)]
    Supervisor,
}
