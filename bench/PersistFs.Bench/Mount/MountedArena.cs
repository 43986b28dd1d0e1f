using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PersistFs.Bench.Mount;

/// <summary>A tree served by the shipped program, as an operator would start it, in directories of its own.</summary>
internal sealed class MountedArena : IDisposable
{
    private const int CallsAfterwards = 1000;

    private readonly string program;
    private readonly string home = Path.Combine("/dev/shm", $"persistfs-bench-{Environment.ProcessId}");
    private readonly string arena;
    private readonly string sizeMax;

    /// <param name="program">The program.</param>
    /// <param name="sizeMax">How large the arena may become.</param>
    /// <param name="arena">Where the arena shall be, if not in a file on /dev/shm.</param>
    public MountedArena(string program, string sizeMax, string? arena = null)
    {
        this.program = program;
        this.sizeMax = sizeMax;
        this.arena = arena ?? Path.Combine(home, "arena");
        Directory.CreateDirectory(Root);
    }

    public string Root => Path.Combine(home, "mount");

    /// <summary>Starts the server and returns how long it took until the mount answered.</summary>
    public TimeSpan Up()
    {
        long start = Stopwatch.GetTimestamp();
        Run("up", Root, "--arena", arena, "--max-size", sizeMax);
        _ = File.GetAttributes(Root);
        return Stopwatch.GetElapsedTime(start);
    }

    public void Down() => Run("down", Root);

    /// <summary>Makes the tree ready for kexec by an image, tells how that went, and lets clients go on.</summary>
    public JsonElement Prepare(string image)
    {
        using JsonDocument document = JsonDocument.Parse(Run("kexec", "prepare", Root, "--image", image, "--json"));
        Run("kexec", "abort", Root);
        return document.RootElement.Clone();
    }

    /// <summary>Ends the server and its keeper as no program can prepare for: the connection is lost.</summary>
    public void Kill()
    {
        JsonElement status = Status();
        Kill(status.GetProperty("keeperPid").GetInt32());
        Kill(status.GetProperty("pid").GetInt32());
    }

    /// <summary>Ends the server, which the keeper then starts again, and returns how long a call waited.</summary>
    public TimeSpan KillUnderCalls()
    {
        int server = Status().GetProperty("pid").GetInt32();
        return LongestCall(() => Kill(server));
    }

    /// <summary>Has another server take the place of the present one and returns how long a call waited.</summary>
    public TimeSpan UpgradeUnderCalls() => LongestCall(() => Run("upgrade", Root));

    public JsonElement Status()
    {
        using JsonDocument document = JsonDocument.Parse(Run("status", Root, "--json"));
        return document.RootElement.Clone();
    }

    /// <summary>Bytes of the arena that the server has in its page tables.</summary>
    public long ResidentArena()
    {
        int pid = Status().GetProperty("pid").GetInt32();
        return BytesOf(pid, "RssShmem:") + BytesOf(pid, "RssFile:") + BytesOf(pid, "HugetlbPages:");
    }

    /// <summary>Memory of the server that is neither the arena nor a file's: its own, in bytes.</summary>
    public long ServerMemory()
    {
        int pid = Status().GetProperty("pid").GetInt32();
        return BytesOf(pid, "RssAnon:");
    }

    public void Dispose()
    {
        // One in memory would stay with its keeper.
        if (arena.StartsWith("memfd:", StringComparison.Ordinal)) Run("down", Root, "--discard");
        else Down();
        File.Delete(arena);
        Directory.Delete(home, recursive: true);
    }

    /// <summary>The longest of calls that a server has to answer, made one after the other around an event.</summary>
    private TimeSpan LongestCall(Action cause)
    {
        long longest = 0;
        // Names that nobody has asked for, of which the kernel knows nothing.
        string name = $"{Root}/absent-{Guid.NewGuid():N}-";
        bool hasHappened = false;
        var caller = new Thread(() =>
        {
            for (int call = 0, after = 0; after < CallsAfterwards; call++)
            {
                long start = Stopwatch.GetTimestamp();
                _ = File.Exists(name + call);
                longest = Math.Max(longest, Stopwatch.GetTimestamp() - start);
                if (Volatile.Read(ref hasHappened)) after++;
            }
        });
        caller.Start();
        cause();
        Volatile.Write(ref hasHappened, true);
        caller.Join();
        return Stopwatch.GetElapsedTime(0, longest);
    }

    /// <summary>A line of /proc/PID/status, in bytes.</summary>
    private static long BytesOf(int processId, string key)
    {
        string line = File.ReadLines($"/proc/{processId}/status").First(
            text => text.StartsWith(key, StringComparison.Ordinal));
        return 1024 * long.Parse(
            line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static void Kill(int processId)
    {
        using Process process = Process.GetProcessById(processId);
        process.Kill();
        process.WaitForExit();
    }

    private string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
