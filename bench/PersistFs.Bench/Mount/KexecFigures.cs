using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using PersistFs.Server.Control;

namespace PersistFs.Bench.Mount;

/// <summary>The figures of bench/README.md for kexec, as far as they can be measured without one.</summary>
internal static class KexecFigures
{
    private const int FilesServed = 1_000_000, FilesKnown = 100_000, FilesOpen = 15_000;
    private const int Rounds = 21, RoundsOfFiles = 5;

    /// <param name="arguments">The program to measure; out/persistfs if none is given.</param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        string program = arguments.IsEmpty ? "out/persistfs" : arguments[0];
        Remap(program);
        Prepare(program);
        return 0;
    }

    /// <summary>As after a kexec: a server begins with memory that is kept, and with no connection.</summary>
    private static void Remap(string program)
    {
        using var arena = new MountedArena(program, "2G", $"memfd:persistfs-bench-{Environment.ProcessId}");
        arena.Up();
        Print("up of memory that is kept, empty, ms", [.. Enumerable.Range(0, Rounds).Select(_ => Again(arena))]);
        for (int index = 0; index < FilesServed; index++) Create($"{arena.Root}/f{index:D7}").Dispose();
        Print(string.Create(CultureInfo.InvariantCulture, $"the same, {FilesServed:N0} files, ms"),
            [.. Enumerable.Range(0, Rounds).Select(_ => Again(arena))]);
        Print("freeze of it, and verified, ms", [.. Enumerable.Range(0, Rounds).Select(_ => Freeze(arena.Root))]);
    }

    /// <summary>What `kexec prepare` orders of a server whose arena stays in memory.</summary>
    private static double Freeze(string root)
    {
        long start = Stopwatch.GetTimestamp();
        ControlClient.Order(root, [ControlVerb.Freeze, ControlVerb.Names, "10000", "60000"]);
        ControlClient.Order(root, [ControlVerb.Verify]);
        double taken = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        ControlClient.Order(root, [ControlVerb.Thaw]);
        return taken;
    }

    private static double Again(MountedArena arena)
    {
        arena.Down();
        return arena.Up().TotalMilliseconds;
    }

    /// <summary>Files that the kernel knows; some are open and written, of which it alone has the bytes.</summary>
    private static void Prepare(string program)
    {
        using var arena = new MountedArena(program, "2G");
        arena.Up();
        List<double> online = [], frozen = [];
        string image = $"/dev/shm/persistfs-bench-{Environment.ProcessId}.image";
        for (int index = FilesOpen; index < FilesKnown; index++) Create($"{arena.Root}/f{index}").Dispose();
        SafeFileHandle[] files = [.. Enumerable.Range(0, FilesOpen).Select(index => Create($"{arena.Root}/f{index}"))];
        try
        {
            for (int round = 0; round < RoundsOfFiles; round++)
            {
                foreach (SafeFileHandle file in files) RandomAccess.Write(file, "contents"u8, round);
                JsonElement told = arena.Prepare(image);
                online.Add(told.GetProperty("onlineMilliseconds").GetDouble());
                frozen.Add(told.GetProperty("freezeMilliseconds").GetDouble());
            }
        }
        finally
        {
            foreach (SafeFileHandle file in files) file.Dispose();
            File.Delete(image);
        }
        Print(string.Create(CultureInfo.InvariantCulture,
            $"bringing {FilesKnown:N0} files to the arena, {FilesOpen:N0} written, ms"), online);
        Print("frozen, for what was left of the image, and verified, ms", frozen);
    }

    private static SafeFileHandle Create(string path) =>
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);

    private static void Print(string what, List<double> times)
    {
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-60} median {times[times.Count / 2],8:F1}  longest {times[^1],8:F1}"));
    }
}
