using System.Diagnostics;
using System.Globalization;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Kills the server of a keeper, and some successors before or as soon as they are ready.</summary>
/// <param name="keeper">Whose child the server is.</param>
/// <param name="random">When.</param>
/// <param name="load">Which clients it waits for.</param>
internal sealed class TakeoverStressKiller(int keeper, Random random, TakeoverStressLoad load) : IDisposable
{
    private const int RoundsMax = 60, BurstMax = 3, EarlyKillDelayMaxInMilliseconds = 120, InstructionsMax = 12_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TakeoverStressTracerProcess tracer = new();
    private int last;

    /// <summary>Servers killed.</summary>
    public int Kills { get; private set; }

    /// <summary>Those among <see cref="Kills"/> that may not have got so far as to take over.</summary>
    public int EarlyKills { get; private set; }

    /// <summary>Milliseconds: the longest call around each kill at a random moment, bursts aside.</summary>
    public List<double> Pauses { get; } = [];

    /// <summary>Kills once or, in a burst, a few times; returns when calls are answered again.</summary>
    public void Strike()
    {
        long target = load.Rounds + random.Next(RoundsMax);
        Await("calls before the kill", () => load.Rounds >= target);
        int burst = random.Next(8) == 0 ? random.Next(1, BurstMax) : 0;
        bool isTraced = random.Next(3) == 0;
        load.Pause.TakeLongest();
        // A round that was under way, and one that began after the kill.
        long answered = load.Pause.Rounds + 2;
        Kill(isTraced);
        for (int i = 0; i < burst; i++)
        {
            Await("successor", () => Server() is { } server && server != last);
            Stopwatch age = Stopwatch.StartNew();
            int delay = random.Next(EarlyKillDelayMaxInMilliseconds);
            Await("moment of the kill", () => age.ElapsedMilliseconds >= delay);
            Kill(isTraced: false);
            EarlyKills++;
        }

        Await("calls after the kill", () => load.Pause.Rounds >= answered);
        if (burst == 0 && !isTraced) Pauses.Add(load.Pause.TakeLongest());
    }

    public void Dispose() => tracer.Dispose();

    /// <param name="isTraced">Whether at a random instruction of a request, rather than at a random moment.</param>
    private void Kill(bool isTraced)
    {
        // After a burst its last server may not have a successor yet.
        int? server = null;
        Await("server", () => (server = Server()) is { } there && there != last);
        last = server!.Value;
        if (isTraced) tracer.Kill(last, random.Next(), random.Next(InstructionsMax));
        else Succeeds(Syscall.kill(last, Signum.SIGKILL));
        Kills++;
    }

    /// <summary>The child of the keeper; a dead one is there until the keeper has noticed.</summary>
    private int? Server()
    {
        string[] children = File.ReadAllText($"/proc/{keeper}/task/{keeper}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return children.Length == 0 ? null : int.Parse(children[0], CultureInfo.InvariantCulture);
    }

    private void Await(string what, Func<bool> isSo)
    {
        bool isInTime = SpinWait.SpinUntil(() => load.HasFailed || isSo(), Patience);
        load.AssertGoesOn();
        Assert.True(isInTime, $"no {what} after {Patience}, kill {Kills}\n{load}");
    }
}
