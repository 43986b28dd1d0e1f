using System.Diagnostics;

namespace PersistFs.Bench.Mount;

/// <summary>The figures that bench/README.md states for the whole program, measured on a real mount.</summary>
internal static class Figures
{
    private const int Thousand = 1000;
    private const int Million = 1_000_000;
    private const int Rounds = 7;
    private const int PauseRounds = 21;

    /// <param name="arguments">The program to measure; out/persistfs if none is given.</param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        string program = arguments.IsEmpty ? "out/persistfs" : arguments[0];
        using (var arena = new MountedArena(program, "1G"))
        {
            arena.Up();
            Print("empty server, own memory, MiB", arena.ServerMemory() / 1048576.0);
            CreateEmpty(arena.Root, 0, 10 * Thousand);
            Print("restart after SIGKILL, 10,000 files, ms", MedianRestart(arena));
            PrintPauses(arena, "10,000 files");
        }
        using (var arena = new MountedArena(program, "4G"))
        {
            arena.Up();
            MeasureMillion(arena);
        }
        using (var arena = new MountedArena(program, "4G"))
        {
            arena.Up();
            long before = BytesUsed(arena);
            WriteSmall(arena.Root, Million);
            Print("1,000,000 files of 1 KiB, GiB in all", (BytesUsed(arena) - before) / 1073741824.0);
        }
        return 0;
    }

    private static void MeasureMillion(MountedArena arena)
    {
        string root = arena.Root;
        long before = BytesUsed(arena);
        double firstCreate = CreateEmpty(root, 0, Thousand);
        double firstLookup = Stat(root, 0, Thousand);
        double firstList = List(root);
        CreateEmpty(root, Thousand, Million - Thousand);
        double lastCreate = CreateEmpty(root, Million - Thousand, Million);
        Print("bytes for each empty file, name included", (BytesUsed(arena) - before) / (double)Million);
        Print("server with 1,000,000 files, own memory, MiB", arena.ServerMemory() / 1048576.0);
        Print("create: 1,000,000th by 1,000th", lastCreate / firstCreate);
        double lastLookup = Stat(root, Million / 2, Million / 2 + Thousand);
        Print("lookup: among 1,000,000 by among 1,000", lastLookup / firstLookup);
        Print("readdir of an entry: of 1,000,000 by of 1,000", List(root) / firstList);
        Print("restart after SIGKILL, 1,000,000 files, ms", MedianRestart(arena));
        PrintPauses(arena, "1,000,000 files");
        double lastUnlink = Unlink(root, 0, Thousand);
        Unlink(root, Thousand, Million - Thousand);
        Print("unlink: among 1,000,000 by among 1,000", lastUnlink / Unlink(root, Million - Thousand, Million));
    }

    private static double MedianRestart(MountedArena arena) => Median(Rounds, () =>
    {
        arena.Kill();
        return arena.Up();
    });

    private static void PrintPauses(MountedArena arena, string files)
    {
        Print($"longest call around a SIGKILL, {files}, ms", Median(PauseRounds, arena.KillUnderCalls));
        Print($"longest call around an upgrade, {files}, ms", Median(PauseRounds, arena.UpgradeUnderCalls));
    }

    private static double Median(int rounds, Func<TimeSpan> measure)
    {
        List<double> times = [.. Enumerable.Range(0, rounds).Select(_ => measure().TotalMilliseconds)];
        times.Sort();
        return times[times.Count / 2];
    }

    private static double CreateEmpty(string root, int from, int to) =>
        MicrosecondsEach(
            from, to, index => File.OpenHandle(PathOf(root, index), FileMode.CreateNew, FileAccess.Write).Dispose());

    /// <summary>Looks names up that the kernel has forgotten.</summary>
    private static double Stat(string root, int from, int to)
    {
        File.WriteAllText("/proc/sys/vm/drop_caches", "2");
        return MicrosecondsEach(from, to, index => _ = File.GetAttributes(PathOf(root, index)));
    }

    private static double Unlink(string root, int from, int to) =>
        MicrosecondsEach(from, to, index => File.Delete(PathOf(root, index)));

    private static double List(string root)
    {
        File.WriteAllText("/proc/sys/vm/drop_caches", "2");
        long start = Stopwatch.GetTimestamp();
        int count = Directory.EnumerateFileSystemEntries(root).Count();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / count;
    }

    private static void WriteSmall(string root, int count)
    {
        byte[] content = new byte[1024];
        Random.Shared.NextBytes(content);
        for (int index = 0; index < count; index++) File.WriteAllBytes(PathOf(root, index), content);
    }

    private static double MicrosecondsEach(int from, int to, Action<int> act)
    {
        long start = Stopwatch.GetTimestamp();
        for (int index = from; index < to; index++) act(index);
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / (to - from);
    }

    private static string PathOf(string root, int index) => $"{root}/f{index:D7}";

    private static long BytesUsed(MountedArena arena) => arena.Status().GetProperty("bytesUsed").GetInt64();

    private static void Print(string what, double value) => Console.WriteLine($"{what,-56}{value,12:F2}");
}
