namespace PersistFs.Server.Kexec;

/// <summary>How an arena comes to the next kernel.</summary>
public enum KexecRoute
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>It lies in a device's memory, which the next kernel finds where it was.</summary>
    Dax,

    /// <summary>Its memory files are handed over by the kernel's Live Update Orchestrator.</summary>
    LiveUpdate,

    /// <summary>It is saved to a file, and restored from it.</summary>
    Image,

    /// <summary>It is a file on a disk.</summary>
    Disk,
}
