namespace PersistFs.Engine.Arenas;

/// <summary>What the bytes of an arena outlive. Each outlives its server, which therefore has no flag here.</summary>
[Flags]
public enum Survival
{
    /// <summary>The server only: the memory is this kernel's.</summary>
    ServerOnly = 0,

    /// <summary>The kernel, when kexec replaces it: the next kernel finds the bytes in their place.</summary>
    Kexec = 1,

    /// <summary>A reboot through the firmware: the bytes are on a disk.</summary>
    Reboot = 2,
}
