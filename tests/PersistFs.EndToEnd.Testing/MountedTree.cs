using System.Globalization;
using System.Text.Json;
using Mono.Unix.Native;

namespace PersistFs.EndToEnd.Testing;

/// <summary>
/// The product as a person runs it: an arena on a tmpfs of its own, served by <c>persistfs up</c>, ended by
/// <c>persistfs down</c>. One test collection shares one tree; each test works in a directory of its own.
/// </summary>
public sealed class MountedTree : IDisposable
{
    /// <summary>Environment variable with mount options for every tree, such as <c>writethrough</c>.</summary>
    public const string OptionsVariable = "PERSISTFS_TEST_OPTIONS";

    private static int directories;

    private readonly string home;
    private readonly string options;
    private readonly string maximum;

    /// <summary>A shared tree of 4 GiB at most; nothing is mounted where the tests would be skipped anyway.</summary>
    public MountedTree()
        : this("4G", Environment.GetEnvironmentVariable(OptionsVariable) ?? "")
    {
    }

    private MountedTree(string maximum, string options)
    {
        this.maximum = maximum;
        this.options = options;
        home = Directory.CreateTempSubdirectory("persistfs-test-").FullName;
        Root = Path.Combine(home, "tree");
        if (Requirements.Missing("", productOnly: false) != null) return;
        SystemCall.Succeeds(Syscall.chmod(home, SystemCall.Mode(755)));
        Directory.CreateDirectory(Root);
        if (Requirements.ForeignDirectory == null)
        {
            Directory.CreateDirectory(BackingDirectory);
            Tool.Run("mount", "-t", "tmpfs", "-o", "huge=always,size=90%", "persistfs-test", BackingDirectory);
            Up();
        }
        else if (maximum == "4G")
        {
            Tool.Run("mount", "--bind", Requirements.ForeignDirectory, Root);
        }
        else
        {
            Tool.Run("mount", "-t", "tmpfs", "-o", $"size={maximum},nr_inodes=50k", "foreign", Root);
        }
    }

    /// <summary>The mount point.</summary>
    public string Root { get; }

    /// <summary>The arena's path.</summary>
    public string Arena => Path.Combine(BackingDirectory, "arena");

    /// <summary>Whether the kernel keeps what is written until it is synchronised (write-back).</summary>
    public bool GathersWrites => !options.Split(',').Contains("writethrough");

    /// <summary>The process that serves the tree, by <c>persistfs status --json</c>.</summary>
    public int ServerProcessId => Status().GetProperty("pid").GetInt32();

    private string BackingDirectory => Path.Combine(home, "backing");

    /// <summary>A tree of its own for one test.</summary>
    /// <param name="maximum">--max-size; in a foreign directory the size of a tmpfs that stands in.</param>
    /// <param name="options">Mount options; those of the environment when null.</param>
    public static MountedTree Start(string maximum, string? options = null) =>
        new(maximum, options ?? Environment.GetEnvironmentVariable(OptionsVariable) ?? "");

    /// <summary>A new directory that anybody may write to.</summary>
    public string NewDirectory()
    {
        string path = Path.Combine(Root, $"t{Environment.ProcessId}-{Interlocked.Increment(ref directories)}");
        SystemCall.Succeeds(Syscall.mkdir(path, SystemCall.Mode(777)));
        SystemCall.Succeeds(Syscall.chmod(path, SystemCall.Mode(777)));
        return path;
    }

    /// <summary>Serves the arena; clears a dead mount away first.</summary>
    public void Up()
    {
        string size = maximum.EndsWith('G') ? "64M" : maximum;
        string[] arguments = ["up", Root, "--arena", Arena, "--size", size, "--max-size", maximum];
        Tool.Run(ProductBinary.Path, options.Length == 0 ? arguments : [.. arguments, "-o", options]);
    }

    /// <summary>Unmounts the tree and ends its server.</summary>
    public void Down() => Tool.Run(ProductBinary.Path, "down", Root);

    /// <summary>The keeper that started the server: its parent.</summary>
    public static int KeeperOf(int server)
    {
        string status = File.ReadAllText($"/proc/{server}/stat");
        return int.Parse(status[(status.LastIndexOf(')') + 4)..].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Ends the server and its keeper by SIGKILL, so that the connection is lost, and waits until they are gone.
    /// </summary>
    public void Kill() => Kill(ServerProcessId);

    /// <inheritdoc cref="Kill()"/>
    /// <param name="server">The server's process, asked for beforehand where the moment matters.</param>
    public static void Kill(int server)
    {
        KillAlone(KeeperOf(server));
        KillAlone(server);
    }

    /// <summary>Ends one process by SIGKILL and waits until it is gone.</summary>
    public static void KillAlone(int process)
    {
        SystemCall.Succeeds(Syscall.kill(process, Signum.SIGKILL));
        // It is nobody's child here: it is gone, or a zombie that its parent has yet to collect.
        while (IsRunning(process)) Thread.Yield();
    }

    /// <summary>What <c>persistfs status --json</c> says.</summary>
    public JsonElement Status()
    {
        using JsonDocument document = JsonDocument.Parse(Tool.Run(ProductBinary.Path, "status", Root, "--json"));
        return document.RootElement.Clone();
    }

    /// <summary>Ends the server and has <c>persistfs check</c> find nothing; then serves the arena again.</summary>
    public void CheckOffline()
    {
        Down();
        Tool.Run(ProductBinary.Path, "check", Arena);
        Up();
    }

    /// <summary>Ends the server and removes what the tree stood on.</summary>
    public void Dispose()
    {
        if (!Directory.Exists(Root))
        {
            Directory.Delete(home);
            return;
        }

        if (Requirements.ForeignDirectory == null)
        {
            ToolResult down = Tool.Try(ProductBinary.Path, "down", Root);
            if (down.ExitCode != 0) Tool.Try("umount", "-l", Root);
            Tool.Try("umount", "-l", BackingDirectory);
        }
        else
        {
            Tool.Try("umount", "-l", Root);
        }

        Directory.Delete(home, recursive: true);
    }

    /// <summary>Whether a process is there, and not only its exit code.</summary>
    public static bool IsRunning(int process)
    {
        try
        {
            string status = File.ReadAllText($"/proc/{process}/stat");
            return status[status.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
