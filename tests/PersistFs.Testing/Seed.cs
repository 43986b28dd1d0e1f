using System.Globalization;
using Xunit;

namespace PersistFs.Testing;

/// <summary>The number that a random test starts from: printed, and repeated by setting PERSISTFS_SEED to it.</summary>
public static class Seed
{
    private const string VariableName = "PERSISTFS_SEED";

    /// <summary>Whether the run is to cover everything, however long it takes (PERSISTFS_LONG=1).</summary>
    public static bool IsLongRun => Environment.GetEnvironmentVariable("PERSISTFS_LONG") == "1";

    /// <summary>The seed of this run, told to whoever reads the test's output.</summary>
    public static ulong Choose(ITestOutputHelper output)
    {
        string? wanted = Environment.GetEnvironmentVariable(VariableName);
        ulong seed = wanted is null
            ? (ulong)DateTime.UtcNow.Ticks & uint.MaxValue
            : ulong.Parse(wanted, CultureInfo.InvariantCulture);
        output.WriteLine(Describe(seed));
        return seed;
    }

    /// <summary>How to repeat a run, for the message of a failure.</summary>
    public static string Describe(ulong seed) => $"Seed {seed}: repeat with {VariableName}={seed}.";
}
