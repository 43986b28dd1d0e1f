using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using PersistFs.Engine.Testing.Corruption;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Corruption;

/// <summary>Damaged arenas in great number, opened, checked and walked in processes of their own.</summary>
public sealed class CorruptionFuzzTests
{
    private const int MutationsPerProcess = 1000;
    private static readonly TimeSpan ProcessTimeMax = TimeSpan.FromMinutes(3);

    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public CorruptionFuzzTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    private static int Processes => Seed.IsLongRun ? 400 : 6;

    [Fact]
    public void No_damage_crashes_or_hangs_who_opens_checks_and_walks_the_arena()
    {
        var failures = new List<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, Processes, options, index =>
        {
            // The upper half of the seed is the run's, the lower counts mutations.
            string? failure = RunChild((seed << 32) + (ulong)(index * MutationsPerProcess), MutationsPerProcess);
            if (failure is null) return;
            lock (failures) failures.Add(failure);
        });
        output.WriteLine($"{Processes * MutationsPerProcess} mutations");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    private static string? RunChild(ulong first, int count)
    {
        string log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    typeof(Program).Assembly.Location, FuzzRun.Command, first.ToString(CultureInfo.InvariantCulture),
                    count.ToString(CultureInfo.InvariantCulture), log,
                },
                RedirectStandardError = true,
            };
            // An arena that makes its reader take memory without end ends the reader here, not the machine.
            start.Environment["DOTNET_GCHeapHardLimit"] = "0x20000000";
            using Process child =
                Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
            Task<string> errors = child.StandardError.ReadToEndAsync();
            if (!child.WaitForExit(ProcessTimeMax)) child.Kill();
            child.WaitForExit();
            if (child.ExitCode == 0) return null;
            ulong last = BinaryPrimitives.ReadUInt64LittleEndian(File.ReadAllBytes(log));
            return $"The child ended with {child.ExitCode} at mutation {last}:\n{errors.Result}\n"
                + $"Repeat with: dotnet PersistFs.Engine.Tests.dll {FuzzRun.Command} {last} 1 /dev/null";
        }
        finally
        {
            File.Delete(log);
        }
    }
}
