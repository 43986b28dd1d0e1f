namespace PersistFs.Server.Kexec;

/// <summary>What one pass made of pages that the kernel had of a tree's files and the arena had not.</summary>
/// <param name="FilesInUse">Files that the kernel knew, and that were looked at.</param>
/// <param name="FilesFlushed">Those of them whose pages had to be brought to the arena.</param>
/// <param name="Failures">Files whose pages could not be: "PATH: ERROR".</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record FlushResult(long FilesInUse, long FilesFlushed, IReadOnlyList<string> Failures, TimeSpan Elapsed);
