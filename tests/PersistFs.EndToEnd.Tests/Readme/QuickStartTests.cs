using PersistFs.EndToEnd.Tests.CommandLine;

namespace PersistFs.EndToEnd.Tests.Readme;

/// <summary>The commands of README's quick start and demonstration do what it says, as they stand there.</summary>
public sealed class QuickStartTests : IDisposable
{
    private const string QuickStart = "<!-- quick start: run by the tests as it stands -->";
    private const string Demonstration = "<!-- demonstration: run by the tests as it stands -->";
    private const string MountPointInReadme = "/mnt/pkram";

    /// <summary>The command that runs all tests: README names it, and this test does not run it once more.</summary>
    private const string TestsCommand = ".ci/run";

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
    public void Its_first_command_serves_a_tree()
    {
        string output = Script(Block(QuickStart));
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

    [RootFact(ProductOnly = true, Tools = "bash dotnet umount grep seq wc")]
    public void Its_demonstration_kills_the_server_three_times_and_loses_no_line()
    {
        Script(Block(QuickStart));
        string[] output = Script(Block(Demonstration)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, output.Length);
        Assert.Equal("1000", output[0].Trim());
        Assert.Contains("taken over 3 times", output[1], StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(1, 1000).Select(number => $"line {number}"),
            File.ReadLines(Path.Combine(mountPoint, "log")));
        Run(ProductBinary.Path, "down", mountPoint);
    }

    [Fact]
    public void It_begins_with_the_quick_start_and_names_the_command_that_runs_all_tests()
    {
        string[] lines = Lines();
        Assert.Equal(Array.IndexOf(lines, QuickStart) + 1, Array.IndexOf(lines, "```sh"));
        Assert.Contains($"`{TestsCommand}`", string.Join('\n', lines), StringComparison.Ordinal);
        Assert.True(
            File.GetUnixFileMode(Path.Combine(ProductBinary.RepositoryRoot, TestsCommand)).HasFlag(
                UnixFileMode.UserExecute));
    }

    /// <summary>README has at most 10 KB: what is longer belongs on one of the pages that it lists.</summary>
    [Fact]
    public void It_is_a_page_and_not_a_manual() =>
        Assert.InRange(new FileInfo(Path.Combine(ProductBinary.RepositoryRoot, "README.md")).Length, 1, 10_000);

    private static string[] Lines() => File.ReadAllLines(Path.Combine(ProductBinary.RepositoryRoot, "README.md"));

    /// <summary>The lines of the block behind a marker.</summary>
    private static string[] Block(string marker)
    {
        string[] lines = Lines();
        int position = Array.IndexOf(lines, marker);
        Assert.True(position >= 0, $"README.md has no line {marker}");
        Assert.Equal("```sh", lines[position + 1]);
        return [.. lines.Skip(position + 2).TakeWhile(line => line != "```")];
    }

    /// <summary>Runs commands as they stand in README, on this test's mount point.</summary>
    private string Script(string[] commands) => Run(
        "bash", "-euo", "pipefail", "-c",
        string.Join('\n', commands).Replace(MountPointInReadme, mountPoint, StringComparison.Ordinal));

    /// <summary>
    /// Runs a command in the repository, with a place of its own for arenas and nothing left running of the build.
    /// </summary>
    private string Run(params string[] command) => Tool.RunIn(
        ProductBinary.RepositoryRoot, "env",
        [$"PERSISTFS_RUNTIME_DIR={RuntimeDirectory}", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false",
            .. command]);
}
