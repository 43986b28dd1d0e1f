using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PersistFs.EndToEnd.Tests.Kexec;

/// <summary>A tree of one test, with sockets and records of its own, that is made ready for kexec.</summary>
/// <remarks>
/// Whatever may wait in a frozen tree is a process of its own with a limit of time: the host of the tests never waits
/// in the kernel, where nothing could end it.
/// </remarks>
internal sealed class KexecTree : IDisposable
{
    private const string LimitInSeconds = "60";

    private readonly string home = Directory.CreateTempSubdirectory("pfsk-").FullName;
    private readonly string memory;
    private readonly List<Process> clients = [];

    /// <param name="isOnDisk">Whether the arena is a file on the machine's disk; otherwise it is on a tmpfs.</param>
    public KexecTree(bool isOnDisk = false)
    {
        memory = isOnDisk ? Beside("disk") : Path.Combine("/dev/shm", Path.GetFileName(home));
        foreach (string directory in (string[])[memory, Root, CopyRoot]) Directory.CreateDirectory(directory);
    }

    /// <summary>The mount point.</summary>
    public string Root => Beside("t");

    public string Arena => Path.Combine(memory, "arena");

    /// <summary>Where what was saved is looked at.</summary>
    public string CopyRoot => Beside("copy");

    public string CopyArena => Path.Combine(memory, "copy");

    public string Image => Beside("image");

    /// <summary>Where `prepare` notes what `finish` is to take up.</summary>
    public string Records => Beside("records");

    public int Server => Status()["pid"]!.GetValue<int>();

    public bool IsFrozen => Status()["freeze"] is not null;

    /// <summary>Requests that wait for the thaw.</summary>
    public int Waiting => Status()["freeze"]?["waiting"]!.GetValue<int>() ?? 0;

    /// <summary>A path in the tree.</summary>
    public string At(string name) => Path.Combine(Root, name);

    /// <summary>A path outside of the tree, on the machine's disk.</summary>
    public string Beside(string name) => Path.Combine(home, name);

    public void Up() => Run("up", Root, "--arena", Arena, "--size", "64M");

    public ToolResult Try(params string[] arguments) => Tool.Try("timeout", Limited(ProductBinary.Path, arguments));

    public string Run(params string[] arguments) => Tool.Run("timeout", Limited(ProductBinary.Path, arguments));

    public ToolResult Prepare(params string[] options) => Try(["kexec", "prepare", Root, .. options]);

    public string PrepareToImage(params string[] options) =>
        Run(["kexec", "prepare", Root, "--image", Image, .. options]);

    public ToolResult Abort() => Try("kexec", "abort", Root);

    public ToolResult Finish() => Try("kexec", "finish", Root);

    public JsonNode Status() => JsonNode.Parse(Run("status", Root, "--json"))!;

    /// <summary>What a shell script prints that works in the tree; $1 is the mount point.</summary>
    public ToolResult Shell(string script) => Tool.Try("timeout", Limited("sh", ["-c", script, "sh", Root]));

    /// <summary>As <see cref="Shell"/>, and does not wait for its end.</summary>
    public Process StartShell(string script)
    {
        Process client = Tool.Start("/", "timeout", Limited("sh", ["-c", script, "sh", Root]));
        clients.Add(client);
        return client;
    }

    /// <summary>Waits for a client's end, and returns what it printed.</summary>
    public static string EndOf(Process client)
    {
        Task<string> output = client.StandardOutput.ReadToEndAsync(), error = client.StandardError.ReadToEndAsync();
        Assert.True(client.WaitForExit(TimeSpan.FromSeconds(60)), "the client does not end");
        Assert.True(client.ExitCode == 0, $"{client.ExitCode}: {error.Result}");
        return output.Result;
    }

    public void AwaitWaiting(int requests) =>
        TakeOver.HeldTree.Await($"{requests} requests that wait", () => Waiting >= requests);

    /// <summary>The file in which `prepare` notes this tree.</summary>
    public string Record => Assert.Single(Directory.GetFiles(Records));

    /// <summary>Changes what is noted.</summary>
    public void ChangeRecord(string name, string value)
    {
        JsonNode record = JsonNode.Parse(File.ReadAllText(Record))!;
        Assert.NotNull(record[name]);
        record[name] = value;
        File.WriteAllText(Record, record.ToJsonString());
    }

    /// <summary>Restores the image, which has to be whole, and serves it at <see cref="CopyRoot"/>.</summary>
    public void ServeCopy()
    {
        Run("restore", Image, CopyArena);
        Assert.Equal("", Run("check", CopyArena));
        Run("up", CopyRoot, "--arena", CopyArena);
    }

    /// <summary>Lets go on what waits, then ends all; the arena has to be whole.</summary>
    public void Dispose()
    {
        Abort();
        foreach (Process client in clients)
        {
            if (!client.WaitForExit(TimeSpan.FromSeconds(5))) client.Kill(entireProcessTree: true);
            client.Dispose();
        }
        bool isUp = Try("down", Root).ExitCode == 0;
        Try("down", CopyRoot);
        foreach (string root in (string[])[Root, CopyRoot])
        {
            while (Tool.Try("umount", "-l", root).ExitCode == 0)
            {
            }
        }
        ToolResult? check = isUp ? Try("check", Arena) : null;
        if (memory != Beside("disk")) Directory.Delete(memory, recursive: true);
        Directory.Delete(home, recursive: true);
        if (check is not null) Assert.True(check.ExitCode == 0, check.ToString());
    }

    private string[] Limited(string program, string[] arguments) =>
    [
        "-s", "KILL", LimitInSeconds, "env", $"PERSISTFS_RUNTIME_DIR={Beside("run")}",
        $"PERSISTFS_STATE_DIR={Records}", program, .. arguments,
    ];
}
