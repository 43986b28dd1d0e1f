namespace PersistFs.Server.Kexec;

/// <summary>A kernel that was loaded to follow.</summary>
/// <param name="Kernel">Its file.</param>
/// <param name="Initrd">Its initial file system; null for none.</param>
/// <param name="CommandLine">Its command line.</param>
public sealed record LoadedKernel(string Kernel, string? Initrd, string CommandLine);
