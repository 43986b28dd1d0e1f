using System.Diagnostics;
using System.Globalization;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Upgrades the server of a tree under a load again and again, in every other stretch of time.</summary>
/// <remarks>What a load gets done in the stretches with upgrades compares with what it does between them.</remarks>
/// <param name="tree">The tree.</param>
/// <param name="output">Told the figures.</param>
internal sealed class UpgradeSchedule(MountedTree tree, ITestOutputHelper output)
{
    /// <summary>Environment variable with the number of upgrades; 100 in a long run, 5 without it.</summary>
    private const string UpgradesVariable = "PERSISTFS_UPGRADES";

    private const int UpgradesPerStretch = 5;

    /// <summary>From so many upgrades on the throughput is a figure, and not the machine's mood.</summary>
    private const int UpgradesOfFigure = 100;

    private const double ThroughputMin = 0.95;

    /// <summary>
    /// An upgrade costs the time of a processor as well as a pause: two programs start, and that is not what is asked.
    /// </summary>
    private static readonly TimeSpan BetweenUpgrades = TimeSpan.FromSeconds(Upgrades < UpgradesOfFigure ? 0.5 : 2);

    private static int Upgrades => Environment.GetEnvironmentVariable(UpgradesVariable) is { } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : Requirements.IsLongRun ? UpgradesOfFigure : UpgradesPerStretch;

    /// <summary>Seconds that <see cref="Run"/> takes at most, for a load that has to be told beforehand.</summary>
    public static int SecondsMax => 30 + (int)(4 * Upgrades * BetweenUpgrades.TotalSeconds);

    /// <summary>Upgrades, and fails the test for one that does not work, or for a load that suffers.</summary>
    /// <param name="count">What the load has got done, ever more; read from this thread.</param>
    public void Run(Func<long> count)
    {
        ulong before = TakeOvers();
        List<double> without = [], with = [];
        for (int done = 0; done < Upgrades; done += UpgradesPerStretch)
        {
            without.Add(RateOf(count, () => { }));
            with.Add(RateOf(count, () => Tool.Run(ProductBinary.Path, "upgrade", tree.Root)));
        }

        double ratio = with.Sum() / without.Sum();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{with.Count * UpgradesPerStretch} upgrades: {with.Average():f0}/s with them and {without.Average():f0}/s "
            + $"without, {ratio:f3}"));
        Assert.Equal(before + (ulong)(with.Count * UpgradesPerStretch), TakeOvers());
        if (Upgrades >= UpgradesOfFigure) Assert.InRange(ratio, ThroughputMin, double.MaxValue);
    }

    /// <summary>What is done a second, while something is done every now and then.</summary>
    private static double RateOf(Func<long> count, Action act)
    {
        long before = count();
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 1; i <= UpgradesPerStretch; i++)
        {
            act();
            TimeSpan left = i * BetweenUpgrades - clock.Elapsed;
            if (left > TimeSpan.Zero) Thread.Sleep(left);
        }

        return (count() - before) / clock.Elapsed.TotalSeconds;
    }

    private ulong TakeOvers() => tree.Status().GetProperty("takeovers").GetUInt64();
}
