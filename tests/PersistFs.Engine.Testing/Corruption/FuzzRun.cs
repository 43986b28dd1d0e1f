using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>
/// The child process of the corruption fuzz: damages small arenas and dumps, repairs, opens, checks and walks each. It
/// ends with 0 if every one was answered with errors at worst; it dies if one crashes it, hangs it, makes it take
/// memory or stays damaged after a repair.
/// </summary>
public static class FuzzRun
{
    /// <summary>First argument of the process that is to be such a child.</summary>
    public const string Command = "fuzz";

    private const long AllocatedBytesMax = 64L * 1024 * 1024;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private static long startedAt;

    /// <summary>Runs mutations.</summary>
    /// <param name="arguments">First seed, how many, and the file that is told each seed before it is tried.</param>
    public static int Main(ReadOnlySpan<string> arguments)
    {
        ulong first = ulong.Parse(arguments[0], CultureInfo.InvariantCulture);
        ulong count = ulong.Parse(arguments[1], CultureInfo.InvariantCulture);
        using SafeFileHandle log = File.OpenHandle(
            arguments[2], FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        FuzzImage[] images = [.. Enumerable.Range(0, FuzzImage.Count).Select(FuzzImage.Make)];
        Volatile.Write(ref startedAt, Stopwatch.GetTimestamp());
        new Thread(Watch) { IsBackground = true }.Start();
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        for (ulong seed = first; seed < first + count; seed++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, seed);
            RandomAccess.Write(log, word, 0);
            Volatile.Write(ref startedAt, Stopwatch.GetTimestamp());
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            TryOne(images, seed);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (allocated > AllocatedBytesMax) throw new InvalidOperationException(
                $"Seed {seed} took {allocated} bytes of memory.");
        }
        return 0;
    }

    private static void TryOne(FuzzImage[] images, ulong seed)
    {
        var random = new SeededRandom(seed);
        FuzzImage image = random.Pick(images);
        using var snapshot = new SnapshotBacking(image.Backing);
        new Mutator(image, snapshot, random).Damage();
        DumpWalk.Run(snapshot, random);
        try
        {
            if (random.OneIn(4))
            {
                RequireRepairable(snapshot);
            }
            using Volume volume = VolumeOpener.Open(snapshot, new VolumeOptions());
            _ = VolumeChecker.Check(volume);
            Worker worker = random.OneIn(2) ? InheritedUse.Run(volume) : volume.AttachWorker();
            new ReadOnlyWalk(volume, worker).Run();
            new RandomUse(volume, worker, random).Run();
        }
        catch (Exception exception) when (exception is ArenaException or ArenaCorruptException)
        {
            // An error in words is what damage should give.
        }
    }

    /// <summary>Whatever the damage, an arena that can be opened at all is clean once it has been repaired.</summary>
    private static void RequireRepairable(SnapshotBacking snapshot)
    {
        Superblock superblock = Superblocks.Choose(
            snapshot.Name, snapshot.Length, in snapshot.At<Superblock>(
                0), in snapshot.At<Superblock>(Layout.SuperblockCopyOffset));
        BootstrapRepairer.Run(snapshot, in superblock, _ => { });
        // The backing outlives this volume: the walks that follow open it once more.
        Volume volume = VolumeOpener.Open(snapshot, new VolumeOptions());
        CheckReport report = VolumeRepairer.Repair(volume, _ => { });
        if (!report.IsClean)
            throw new InvalidOperationException("Repair leaves findings:\n"
                + string.Join('\n', report.Findings.Take(10)));
    }

    private static void Watch()
    {
        while (true)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref startedAt)) > TimeMax)
            {
                Environment.FailFast("A damaged arena hangs its reader.");
            }
        }
    }
}
