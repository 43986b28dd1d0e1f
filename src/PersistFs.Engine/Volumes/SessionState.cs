namespace PersistFs.Engine.Volumes;

/// <summary>The connection that serves or last served the tree, as the arena remembers it.</summary>
/// <param name="Session">Number of the session, 0 if there never was one.</param>
/// <param name="TakeOvers">How often a server has taken it over from another.</param>
/// <param name="BootId">The kernel it belongs to, as /proc/sys/kernel/random/boot_id names it.</param>
/// <param name="Connection">Its number among that kernel's connections; 0 while it is not known.</param>
/// <param name="HasTerms">Whether terms were agreed on with the kernel.</param>
public readonly record struct SessionState(uint Session, ulong TakeOvers, Guid BootId, ulong Connection, bool HasTerms);
