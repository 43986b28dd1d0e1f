namespace PersistFs.Server.Descriptors;

/// <summary>What a stored descriptor is good for.</summary>
internal enum DeviceState
{
    /// <summary>It is no /dev/fuse.</summary>
    Foreign,

    /// <summary>Opened and stored, but its server died before mount(2).</summary>
    Unmounted,

    /// <summary>The connection has ended: unmounted or aborted.</summary>
    Closed,

    /// <summary>Mounted; requests wait in the kernel.</summary>
    Live,
}
