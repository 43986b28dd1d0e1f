namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>A mount point and a place for arenas that one test has to itself; nothing of it is left.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("persistfs-cli-").FullName;
    private readonly string memory = Path.Combine("/dev/shm", $"persistfs-cli-{Guid.NewGuid():n}");

    public Scratch()
    {
        Directory.CreateDirectory(MountPoint);
        Directory.CreateDirectory(memory);
    }

    /// <summary>An empty directory.</summary>
    public string MountPoint => Path.Combine(home, "tree");

    /// <summary>A path in memory where nothing is yet.</summary>
    public string Arena => Path.Combine(memory, "arena");

    /// <summary>A path beside the mount point.</summary>
    public string At(string name) => Path.Combine(home, name);

    /// <summary>Runs the product; MNT and ARENA among the arguments stand for the paths here.</summary>
    public ToolResult Try(params string[] arguments) => Tool.Try(ProductBinary.Path, [.. arguments.Select(Expand)]);

    /// <summary>As <see cref="Try"/>; an exit code other than 0 fails the test.</summary>
    public string Run(params string[] arguments) => Tool.Run(ProductBinary.Path, [.. arguments.Select(Expand)]);

    /// <summary>Serves the arena, small.</summary>
    public void Up(string options = "rw") => Run("up", "MNT", "--arena", "ARENA", "--size", "64M", "-o", options);

    public void Dispose()
    {
        while (Tool.Try("umount", "-l", MountPoint).ExitCode == 0)
        {
        }
        Directory.Delete(memory, recursive: true);
        Directory.Delete(home, recursive: true);
    }

    private string Expand(string argument) => argument switch
    {
        "MNT" => MountPoint,
        "ARENA" => Arena,
        _ => argument,
    };
}
