using System.Diagnostics;
using System.Text.Json;

namespace PersistFs.Bench.Mount;

/// <summary>A tree served by the shipped program, as an operator would start it, in directories of its own.</summary>
internal sealed class MountedArena : IDisposable
{
    private readonly string program;
    private readonly string home = Path.Combine("/dev/shm", $"persistfs-bench-{Environment.ProcessId}");
    private readonly string sizeMax;

    public MountedArena(string program, string sizeMax)
    {
        this.program = program;
        this.sizeMax = sizeMax;
        Directory.CreateDirectory(Root);
    }

    public string Root => Path.Combine(home, "mount");

    private string Arena => Path.Combine(home, "arena");

    /// <summary>Starts the server and returns how long it took until the mount answered.</summary>
    public TimeSpan Up()
    {
        long start = Stopwatch.GetTimestamp();
        Run("up", Root, "--arena", Arena, "--max-size", sizeMax);
        _ = File.GetAttributes(Root);
        return Stopwatch.GetElapsedTime(start);
    }

    public void Down() => Run("down", Root);

    /// <summary>Ends the server as no program can prepare for.</summary>
    public void Kill()
    {
        using Process server = Process.GetProcessById(Status().GetProperty("pid").GetInt32());
        server.Kill();
        server.WaitForExit();
    }

    public JsonElement Status()
    {
        using JsonDocument document = JsonDocument.Parse(Run("status", Root, "--json"));
        return document.RootElement.Clone();
    }

    /// <summary>Memory of the server that is neither the arena nor a file's: its own, in bytes.</summary>
    public long ServerMemory()
    {
        int pid = Status().GetProperty("pid").GetInt32();
        string line = File.ReadLines($"/proc/{pid}/status").First(text => text.StartsWith("RssAnon:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        Down();
        Directory.Delete(home, recursive: true);
    }

    private string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
