using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PersistFs.Bench.Mount;

/// <summary>The figures of bench/README.md for images: save and restore beside dd of the same bytes.</summary>
internal static partial class ImageFigures
{
    private const int Rounds = 5;
    private const int LargeMegabytes = 1536;
    private const int SmallFiles = 100_000;

    /// <param name="arguments">
    /// The program; then directories to save to, /dev/shm and /var/tmp if none is given.
    /// </param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        string program = arguments.IsEmpty ? "out/persistfs" : arguments[0];
        string[] places = arguments.Length > 1 ? arguments[1..].ToArray() : ["/dev/shm", "/var/tmp"];
        using var arena = new MountedArena(program, "4G");
        arena.Up();
        Fill(arena.Root);
        foreach (string place in places) Measure(program, arena, place);
        Pause(program, arena);
        return 0;
    }

    private static void Fill(string root)
    {
        byte[] megabyte = new byte[1 << 20];
        using (FileStream large = File.Create($"{root}/large"))
        {
            for (int index = 0; index < LargeMegabytes; index++)
            {
                Random.Shared.NextBytes(megabyte);
                large.Write(megabyte);
            }
            large.Flush(flushToDisk: true);
        }
        for (int index = 0; index < SmallFiles; index++) File.WriteAllBytes($"{root}/f{index:D6}", megabyte[..1000]);
    }

    private static void Measure(string program, MountedArena arena, string place)
    {
        string image = $"{place}/persistfs-bench.image", copy = $"{place}/persistfs-bench.copy";
        string memory = "/dev/shm/persistfs-bench.bytes", restored = "/dev/shm/persistfs-bench.arena";
        try
        {
            Shell(program, "save", arena.Root, memory);
            double size = new FileInfo(memory).Length / 1e6;
            List<double> save = [], saveDd = [], restore = [], restoreDd = [];
            // One after the other, round by round: what drifts, drifts for both.
            for (int round = 0; round < Rounds; round++)
            {
                saveDd.Add(Time(copy, "dd", $"if={memory}", $"of={copy}", "bs=2M", "conv=fsync"));
                save.Add(Time(image, program, "save", arena.Root, image));
                restoreDd.Add(Time(restored, "dd", $"if={image}", $"of={restored}", "bs=2M", "conv=fsync"));
                restore.Add(Time(restored, program, "restore", image, restored));
            }
            Print($"{place}: MB in the image", size);
            Print($"{place}: dd to it, MB/s", size / Median(saveDd));
            Print($"{place}: save, MB/s", size / Median(save));
            Print($"{place}: save by dd", Median(saveDd) / Median(save));
            Print($"{place}: dd from it to memory, MB/s", size / Median(restoreDd));
            Print($"{place}: restore, MB/s", size / Median(restore));
            Print($"{place}: restore by dd", Median(restoreDd) / Median(restore));
        }
        finally
        {
            foreach (string path in (string[])[image, copy, memory, restored]) File.Delete(path);
        }
    }

    /// <summary>How long clients that write are held off, as the save itself tells.</summary>
    private static void Pause(string program, MountedArena arena)
    {
        string image = "/dev/shm/persistfs-bench.image";
        bool isDone = false;
        byte[] data = new byte[64 << 10];
        var writer = new Thread(() =>
        {
            using FileStream file = File.Create($"{arena.Root}/written");
            for (long offset = 0; !Volatile.Read(ref isDone); offset = (offset + data.Length) % (64 << 20))
                RandomAccess.Write(file.SafeFileHandle, data, offset);
        });
        writer.Start();
        List<double> pauses = [];
        for (int round = 0; round < Rounds; round++)
        {
            string told = Shell(program, "save", arena.Root, image);
            pauses.Add(double.Parse(PauseText().Match(told).Groups[1].Value, CultureInfo.InvariantCulture));
        }
        Volatile.Write(ref isDone, true);
        writer.Join();
        File.Delete(image);
        Print("longest time for which a writer was held off by a save, ms", Median(pauses));
    }

    /// <summary>Seconds that a command takes which makes a file; one that is there goes before.</summary>
    private static double Time(string made, string command, params string[] arguments)
    {
        File.Delete(made);
        long start = Stopwatch.GetTimestamp();
        Shell(command, arguments);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static string Shell(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{command} ended with {process.ExitCode}: {errors.Result}");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Print(string what, double value) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-64}{value,12:F2}"));

    [GeneratedRegex(@"held off for ([0-9.]+) ms")]
    private static partial Regex PauseText();
}
