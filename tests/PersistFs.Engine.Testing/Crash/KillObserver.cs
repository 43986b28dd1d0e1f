using PersistFs.Engine.Arenas;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>Counts the stores of one thread to one arena, and has kills tried at those that a plan wants.</summary>
/// <param name="source">The arena.</param>
/// <param name="plan">Which stores, and how bulk copies are torn.</param>
/// <param name="random">Chooses where the plan leaves a choice.</param>
/// <param name="tryKill">
/// Looks at what a kill at this moment would leave: after the stores so far, and after a torn bulk copy where one is
/// given.
/// </param>
internal sealed class KillObserver(
    MemoryBacking source, CrashPlan plan, SeededRandom random,
    Action<KillObserver, Action<SnapshotBacking>?, string> tryKill)
    : CrashObserver
{
    public MemoryBacking Source => source;

    /// <summary>How many processes were killed before this one.</summary>
    public int Depth { get; init; }

    /// <summary>What happened to them, for people.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What the process is doing, for people.</summary>
    public string Doing { get; init; } = "operation";

    public int Stores { get; private set; }

    private string Place => $"{Prefix}killed at store {Stores} of the {Doing}";

    public override void AfterStore()
    {
        Stores++;
        if (random.OneIn(plan.OneStoreIn)) tryKill(this, null, Place);
    }

    public override void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> bytes)
    {
        if (!random.OneIn(plan.OneStoreIn)) return;
        ulong offset = source.OffsetOf(target);
        byte[] copied = bytes.IsEmpty ? new byte[target.Length] : bytes.ToArray();
        for (int tearing = 0; tearing < plan.TearingsPerBulk; tearing++)
        {
            ulong tornBy = random.NextWord();
            tryKill(this, snapshot => Tear(snapshot.Bytes(offset, copied.Length), copied, tornBy),
                $"{Place}, torn by {tornBy}");
        }
    }

    /// <summary>Copies some of the words, as a kill in the middle of a copy may leave them.</summary>
    private static void Tear(Span<byte> target, ReadOnlySpan<byte> bytes, ulong tornBy)
    {
        var random = new SeededRandom(tornBy);
        for (int start = 0; start < bytes.Length; start += sizeof(ulong))
        {
            int length = Math.Min(sizeof(ulong), bytes.Length - start);
            if (random.OneIn(2)) bytes.Slice(start, length).CopyTo(target[start..]);
        }
    }
}
