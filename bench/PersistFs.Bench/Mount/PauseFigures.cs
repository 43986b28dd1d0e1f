using System.Globalization;

namespace PersistFs.Bench.Mount;

/// <summary>The figures of bench/README.md for pauses: the longest call around a kill and around an upgrade.</summary>
internal static class PauseFigures
{
    private const int SamplesDefault = 200, SamplesOfGibibyte = 60, SamplesOfLarge = 20;
    private const int Gibibyte = 1 << 30;
    private const int Few = 1000, Many = 1_000_000;
    private const string SmallPages = "4-KiB pages", LargePages = "2-MiB pages";

    private static int samples = SamplesDefault;

    /// <param name="arguments">
    /// The program, out/persistfs if none is given; then how many samples of each; then "files" or "resident", both if
    /// none is given.
    /// </param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        string program = arguments.IsEmpty ? "out/persistfs" : arguments[0];
        if (arguments.Length > 1) samples = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        string which = arguments.Length > 2 ? arguments[2] : "";
        if (which is "" or "files")
        {
            CompareFiles(program, null, SmallPages);
            using var pages = new HugePages(count: 1024);
            CompareFiles(program, $"{pages.Root}/arena", LargePages);
        }
        if (which is "" or "resident")
        {
            foreach (int gibibytes in (int[])[1, 8])
            {
                using var pages = new HugePages(gibibytes * 512 + 128);
                OfResident(program, gibibytes, $"{pages.Root}/arena", LargePages);
            }
            foreach (int gibibytes in (int[])[1, 8]) OfResident(program, gibibytes, null, SmallPages);
        }
        return 0;
    }

    /// <param name="program">The program.</param>
    /// <param name="place">Where the arena shall be, if not in a file on /dev/shm.</param>
    /// <param name="pages">What it consists of, in words.</param>
    private static void CompareFiles(string program, string? place, string pages)
    {
        (double Kill, double Upgrade) few = OfFiles(program, Few, place, pages);
        (double Kill, double Upgrade) many = OfFiles(program, Many, place, pages);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"medians of {Many:N0} files by {Few:N0}, {pages}: SIGKILL {many.Kill / few.Kill:F2}, ")
            + string.Create(CultureInfo.InvariantCulture, $"upgrade {many.Upgrade / few.Upgrade:F2}"));
    }

    private static (double Kill, double Upgrade) OfFiles(string program, int count, string? place, string pages)
    {
        using var arena = new MountedArena(program, "2G", place);
        arena.Up();
        for (int index = 0; index < count; index++)
            File.OpenHandle($"{arena.Root}/f{index:D7}", FileMode.CreateNew, FileAccess.Write).Dispose();
        string files = string.Create(CultureInfo.InvariantCulture, $"{count:N0} files, {pages}");
        return (
            Print($"SIGKILL, {files}", samples, arena.KillUnderCalls),
            Print($"upgrade, {files}", samples, arena.UpgradeUnderCalls));
    }

    private static void OfResident(string program, int gibibytes, string? place, string pages)
    {
        using var arena = new MountedArena(program, $"{gibibytes * 1024 + 160}M", place);
        arena.Up();
        byte[] data = new byte[1 << 20];
        Random.Shared.NextBytes(data);
        using (FileStream file = File.Create($"{arena.Root}/large"))
        {
            for (int index = 0; index < gibibytes << 10; index++) file.Write(data);
            file.Flush(flushToDisk: true);
        }
        int count = Math.Min(samples, gibibytes > 1 ? SamplesOfLarge : SamplesOfGibibyte);
        Print($"SIGKILL, {gibibytes} GiB resident, {pages}", count, () =>
        {
            Touch(arena, data, (long)gibibytes * Gibibyte);
            return arena.KillUnderCalls();
        });
        Print($"upgrade, {gibibytes} GiB resident, {pages}", count, () =>
        {
            Touch(arena, data, (long)gibibytes * Gibibyte);
            return arena.UpgradeUnderCalls();
        });
    }

    /// <summary>Has the server read every byte, past the page cache, so that its page tables map them all.</summary>
    private static void Touch(MountedArena arena, byte[] buffer, long size)
    {
        File.WriteAllText("/proc/sys/vm/drop_caches", "1");
        using (FileStream file = File.OpenRead($"{arena.Root}/large"))
        {
            while (file.Read(buffer) > 0) continue;
        }
        long resident = arena.ResidentArena();
        if (resident < size) throw new InvalidOperationException($"Only {resident} of {size} bytes are resident.");
    }

    /// <returns>The median, in ms.</returns>
    private static double Print(string what, int count, Func<TimeSpan> measure)
    {
        double[] pauses = [.. Enumerable.Range(0, count).Select(_ => measure().TotalMilliseconds).Order()];
        double median = pauses[count / 2];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-44} median {median,8:F1}  99th percentile {pauses[count * 99 / 100],8:F1}  "
            + $"longest {pauses[^1],8:F1} ms"));
        return median;
    }
}
