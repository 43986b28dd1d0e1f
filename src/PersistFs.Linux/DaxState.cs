namespace PersistFs.Linux;

/// <summary>What a path is, where memory of a DAX device is asked for.</summary>
public enum DaxState
{
    /// <summary>No device and no name of one: a file, a directory, or nothing.</summary>
    None,

    /// <summary>A device-DAX node whose size and alignment are known.</summary>
    Ready,

    /// <summary>The name of a DAX device that the kernel does not have.</summary>
    Missing,

    /// <summary>The kernel has the device, and no driver makes a node for it.</summary>
    Unbound,

    /// <summary>The kernel uses the device's memory as its own (driver kmem).</summary>
    SystemMemory,

    /// <summary>A block device, such as a raw /dev/pmemN: mapped, it is page cache and not the memory itself.</summary>
    BlockDevice,

    /// <summary>A character device that is not one of DAX, or of which the kernel does not tell the size.</summary>
    OtherDevice,
}
