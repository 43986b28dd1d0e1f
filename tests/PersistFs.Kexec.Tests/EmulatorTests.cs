using System.Diagnostics;
using System.Globalization;

namespace PersistFs.Kexec.Tests;

/// <summary>What the machines of these tests must not do: stay behind.</summary>
public sealed class EmulatorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [MachineFact]
    public void An_emulator_ends_with_the_test_host_that_started_it_even_if_that_is_killed()
    {
        using Process host = Tool.Start("/", "dotnet", typeof(Program).Assembly.Location, Program.Command);
        string? told = host.StandardOutput.ReadLine();
        bool isTold = int.TryParse(told, CultureInfo.InvariantCulture, out int warden);
        if (!isTold) Assert.Fail($"no process, but: {told ?? host.StandardError.ReadToEnd()}");
        int emulator = 0;
        Await("an emulator", () => TryFindEmulator(warden, out emulator));
        host.Kill();
        host.WaitForExit();
        Await("the end of both", () => !MountedTree.IsRunning(warden) && !MountedTree.IsRunning(emulator));
    }

    /// <summary>The process below the one that limits its life, once it has become the emulator.</summary>
    private static bool TryFindEmulator(int warden, out int emulator)
    {
        string children = File.ReadAllText($"/proc/{warden}/task/{warden}/children");
        return int.TryParse(children, CultureInfo.InvariantCulture, out emulator)
            && Emulator.Program.StartsWith(
                File.ReadAllText($"/proc/{emulator}/comm").Trim(), StringComparison.Ordinal);
    }

    private static void Await(string what, Func<bool> isSo)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(waited.Elapsed < Patience, $"no sight of {what} after {Patience}");
            Thread.Sleep(10);
        }
    }
}
