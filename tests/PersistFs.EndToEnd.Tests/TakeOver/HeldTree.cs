using System.Diagnostics;
using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>A small tree of one test, whose servers come and go.</summary>
internal sealed class HeldTree : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string home = Directory.CreateTempSubdirectory("persistfs-held-").FullName;
    private readonly string memory = Path.Combine("/dev/shm", $"persistfs-held-{Guid.NewGuid():n}");

    private readonly string? arena;

    /// <param name="arena">An arena that is no file; null for a file of the tree's own.</param>
    public HeldTree(string? arena = null)
    {
        this.arena = arena;
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(memory);
    }

    /// <summary>The mount point.</summary>
    public string Root => Path.Combine(home, "tree");

    /// <summary>Where the tree lies: a file, or what a test names.</summary>
    public string Arena => arena ?? Path.Combine(memory, "arena");

    /// <summary>The process that serves.</summary>
    public int Server => Status().GetProperty("pid").GetInt32();

    public string? Holder => Status().GetProperty("holder").GetString();

    /// <summary>A path in the tree.</summary>
    public string At(string name) => Path.Combine(Root, name);

    /// <summary>A path outside of the tree.</summary>
    public string Beside(string name) => Path.Combine(home, name);

    /// <summary>A program outside of the tree: a shell script.</summary>
    public string Script(string name, string text)
    {
        string path = Beside(name);
        File.WriteAllText(path, "#!/bin/sh\n" + text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    public ToolResult Try(params string[] arguments) => Tool.Try(ProductBinary.Path, arguments);

    public string Run(params string[] arguments) => Tool.Run(ProductBinary.Path, arguments);

    public void Up(params string[] options) =>
        Run(["up", Root, "--arena", Arena, "--size", "64M", .. options]);

    public void Down() => Run("down", Root);

    public JsonElement Status()
    {
        using JsonDocument document = JsonDocument.Parse(Run("status", Root, "--json"));
        return document.RootElement.Clone();
    }

    /// <summary>Waits until another server than <paramref name="server"/> answers, and says which.</summary>
    public int AwaitSuccessor(int server)
    {
        int successor = server;
        Await("another server", () =>
        {
            ToolResult result = Try("status", Root, "--json");
            if (result.ExitCode != 0) return false;
            using JsonDocument document = JsonDocument.Parse(result.Output);
            successor = document.RootElement.GetProperty("pid").GetInt32();
            return successor != server;
        });
        return successor;
    }

    /// <summary>Waits until something is so; fails the test when it does not come to be.</summary>
    public static void Await(string what, Func<bool> isSo)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(waited.Elapsed < Patience, $"no {what} after {Patience}");
            Thread.Yield();
        }
    }

    /// <summary>Ends all; the arena has to be whole.</summary>
    public void Dispose()
    {
        bool isUp = Try("down", Root).ExitCode == 0;
        while (Tool.Try("umount", "-l", Root).ExitCode == 0)
        {
        }
        ToolResult? check = isUp ? Try("check", Arena) : null;
        if (arena is not null) _ = Try("down", "--discard", Root);
        Directory.Delete(memory, recursive: true);
        Directory.Delete(home, recursive: true);
        if (check is not null) Assert.True(check.ExitCode == 0, check.ToString());
    }
}
