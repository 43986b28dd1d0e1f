using PersistFs.EndToEnd.Tests.CommandLine;

namespace PersistFs.EndToEnd.Tests.Readme;

/// <summary>README's quick start does what it says, as it stands there.</summary>
public sealed class QuickStartTests : IDisposable
{
    private const string Marker = "<!-- quick start: run by the tests as it stands -->";
    private const string MountPointInReadme = "/mnt/pkram";

    /// <summary>The line that runs all tests: this one among them, which therefore does not run it once more.</summary>
    private const string TestsLine = "tests/run";

    private readonly Scratch scratch = new();
    private readonly string mountPoint;
    private readonly bool isMountPointMade;

    public QuickStartTests()
    {
        // Where somebody uses the place already, a test has to take another.
        isMountPointMade = !Directory.Exists(MountPointInReadme);
        mountPoint = isMountPointMade ? MountPointInReadme : scratch.MountPoint;
    }

    private string RuntimeDirectory => scratch.At("run");

    public void Dispose()
    {
        while (Tool.Try("umount", "-l", mountPoint).ExitCode == 0)
        {
        }
        foreach (string arenas in Directory.Exists(RuntimeDirectory) ? Directory.GetDirectories(RuntimeDirectory) : [])
            _ = Tool.Try("umount", "-l", arenas);
        if (isMountPointMade && Directory.Exists(mountPoint)) Directory.Delete(mountPoint);
        scratch.Dispose();
    }

    [RootFact(ProductOnly = true, Tools = "bash dotnet umount")]
    public void Its_commands_serve_a_tree()
    {
        string[] lines = Block();
        Assert.Contains(TestsLine, lines);
        Assert.True(
            File.GetUnixFileMode(Path.Combine(ProductBinary.RepositoryRoot, TestsLine)).HasFlag(
                UnixFileMode.UserExecute));
        string script = string.Join('\n', lines.Where(line => line != TestsLine));
        string output = Run(
            "bash", "-euo", "pipefail", "-c", script.Replace(MountPointInReadme, mountPoint, StringComparison.Ordinal));
        Assert.Contains("arena ", output, StringComparison.Ordinal);
        Assert.Contains(
            File.ReadLines("/proc/mounts"),
            line => line.Contains($" {mountPoint} fuse.persistfs ", StringComparison.Ordinal));
        string file = Path.Combine(mountPoint, "file");
        File.WriteAllText(file, "contents");
        Run(ProductBinary.Path, "down", mountPoint);
        Assert.False(File.Exists(file));
        Run(ProductBinary.Path, "up", mountPoint);
        Assert.Equal("contents", File.ReadAllText(file));
        Run(ProductBinary.Path, "down", mountPoint);
    }

    /// <summary>The lines of the block behind the marker.</summary>
    private static string[] Block()
    {
        string[] lines = File.ReadAllLines(Path.Combine(ProductBinary.RepositoryRoot, "README.md"));
        int marker = Array.IndexOf(lines, Marker);
        Assert.True(marker >= 0, $"README.md has no line {Marker}");
        Assert.Equal("```sh", lines[marker + 1]);
        return [.. lines.Skip(marker + 2).TakeWhile(line => line != "```")];
    }

    /// <summary>
    /// Runs a command in the repository, with a place of its own for arenas and nothing left running of the build.
    /// </summary>
    private string Run(params string[] command) => Tool.RunIn(
        ProductBinary.RepositoryRoot, "env",
        [$"PERSISTFS_RUNTIME_DIR={RuntimeDirectory}", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false",
            .. command]);
}
