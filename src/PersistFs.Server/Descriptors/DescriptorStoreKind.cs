namespace PersistFs.Server.Descriptors;

/// <summary>Who keeps the connection while no server runs.</summary>
public enum DescriptorStoreKind
{
    /// <summary>Nobody: with the server the connection is lost, and its clients see errors.</summary>
    None,

    /// <summary>The descriptor store of the service manager (systemd.service(5), FileDescriptorStoreMax=).</summary>
    Systemd,

    /// <summary>`persistfs keep`, which `up` starts.</summary>
    Keeper,
}
