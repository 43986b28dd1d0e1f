namespace PersistFs.Server.Serving;

/// <summary>Settles what was noted before a kexec of an arena in memory that is served again.</summary>
/// <param name="mountPoint">Where it is served.</param>
/// <param name="arena">Its name.</param>
/// <returns>Whether the arena was to come from the last kernel.</returns>
public delegate bool ReturnHandler(string mountPoint, string arena);
