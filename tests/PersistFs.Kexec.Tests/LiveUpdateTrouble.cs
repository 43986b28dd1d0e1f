using System.Globalization;
using System.Text.Json;

namespace PersistFs.Kexec.Tests;

/// <summary>Arenas in the memory of one machine, and what can go wrong on their way to its next kernels.</summary>
public sealed class LiveUpdateTrouble : History
{
    private const string Parameters = "kho=on liveupdate=on kho_scratch=8M,48M,0";

    /// <summary>More than what is measured, so that no page has to be moved out of its way.</summary>
    private const int MemoryMebibytes = 2048;

    private const int Rounds = 3, Kills = 6;

    /// <summary>Milliseconds; it is a few, and a processor that is emulated on a busy machine may lose many.</summary>
    private const double PreserveMax = 200;

    private const int WrongSize = 14, NotAnArena = 11, NotReturned = 41;

    private Machine? machine;
    private string digest = "";

    public LiveUpdateTrouble()
    {
        Then(nameof(LiveUpdateTroubleTests.Half_a_gibibyte_of_large_pages_is_preserved_in_milliseconds), Measure);
        Then(nameof(LiveUpdateTroubleTests.A_name_that_somebody_else_has_taken_is_told_and_the_tree_is_served), Take);
        Then(nameof(LiveUpdateTroubleTests.Servers_that_are_killed_while_they_take_the_memory_over_lose_nothing),
            KillServers);
        Then(nameof(LiveUpdateTroubleTests.A_session_that_holds_something_else_is_refused_and_kept), RefuseForeign);
        Then(nameof(LiveUpdateTroubleTests.An_arena_of_which_a_segment_is_missing_is_refused_and_the_others_are_kept),
            RefuseTorn);
        Then(nameof(LiveUpdateTroubleTests.A_kernel_that_was_loaded_by_kexec_load_has_lost_the_memory_and_that_is_told),
            () => Lose(Parameters, "-c", "has handed nothing of that name over"));
        Then(nameof(LiveUpdateTroubleTests.A_kernel_without_the_orchestrator_has_lost_the_memory_and_that_is_told),
            () => Lose("", "-s", "this kernel takes no memory over"));
    }

    /// <summary>How long preserving took.</summary>
    public string Measured { get; private set; } = "";

    private Machine Machine => machine!;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => machine?.Dispose();

    private void Measure()
    {
        machine = Machine.Start(GuestKernel.LiveUpdate, Parameters, MemoryMebibytes);
        Machine.Run("""
            echo advise >/sys/kernel/mm/transparent_hugepage/shmem_enabled
            mkdir /mnt/large /mnt/taken /mnt/torn
            """);
        List<double> times = [];
        for (int round = 0; round < Rounds; round++)
        {
            Machine.Run("persistfs up /mnt/large --arena memfd:large --size 512M -o fixed");
            JsonElement live = Live("/mnt/large");
            Assert.Equal(live.GetProperty("segments").GetInt32(), live.GetProperty("preserved").GetInt32());
            times.Add(live.GetProperty("milliseconds").GetDouble());
            string large = Machine.Run("grep ShmemHugePages /proc/meminfo").Trim();
            Measured = string.Create(CultureInfo.InvariantCulture,
                $"{live}; {string.Join(", ", times)} ms; {large}");
            Machine.Run("persistfs down /mnt/large --discard");
        }

        if (times.Min() > PreserveMax) throw Machine.Failure($"preserving took long: {Measured}");
    }

    /// <summary>The first kernel: a name is taken, another tree goes on its way, and so does a third.</summary>
    private void Take()
    {
        Machine.Run("""
            setsid perl /disk/guest/live-session hold persistfs-taken-0 1 </dev/null >/tmp/held 2>&1 &
            until grep -q held /tmp/held; do usleep 10000; done
            """);
        string told = Machine.Run("persistfs up /mnt/taken --arena memfd:taken --size 64M");
        Assert.Contains("memfd:taken does not go to the next kernel: there is a session persistfs-taken-0 already",
            told, StringComparison.Ordinal);
        Assert.Equal(0, Live("/mnt/taken").GetProperty("preserved").GetInt32());
        Assert.Contains("not handed on", Machine.Run("persistfs status /mnt/taken"), StringComparison.Ordinal);
        Machine.Run("echo contents >/mnt/taken/file; grep contents /mnt/taken/file");
        Machine.Run("persistfs up /mnt/torn --arena memfd:torn --size 64M -o fixed");
        Assert.Equal(4, Live("/mnt/torn").GetProperty("preserved").GetInt32());
        Machine.Run($"""
            persistfs up {GuestTree.Root} --arena memfd:tree --size 128M
            dd if=/disk/large of={GuestTree.Root}/large bs=1M count=40 conv=fsync 2>/dev/null
            """);
        digest = Machine.Run($"sha256sum {GuestTree.Root}/large");
        Machine.Load(GuestKernel.LiveUpdate, Parameters);
        Machine.Execute();
        Machine.Run("mkdir /mnt/taken /mnt/torn");
    }

    private void KillServers()
    {
        Machine.Run($"setsid sh /disk/guest/kill-servers {Kills} </dev/null >/tmp/kills 2>&1 &");
        Machine.Run($"persistfs up {GuestTree.Root} --arena memfd:tree || (tail -n 50 /run/persistfs/*.log; exit 1)");
        Machine.Run("""
            tries=0
            until grep -q done /tmp/kills && persistfs status /mnt/tree >/dev/null 2>&1; do
                tries=$((tries + 1))
                [ $tries != 400 ] || { cat /tmp/kills; tail -n 50 /run/persistfs/*.log; exit 1; }
                usleep 100000
            done
            """);
        Assert.Equal(digest, Machine.Run($"sha256sum {GuestTree.Root}/large"));
        JsonElement live = Live(GuestTree.Root);
        Assert.Equal(live.GetProperty("segments").GetInt32(), live.GetProperty("preserved").GetInt32());
    }

    private void RefuseForeign() => RefusesTwice(
        "taken", NotAnArena, "the session persistfs-taken-0 does not hold segment 0", kept: "persistfs-taken-0");

    private void RefuseTorn()
    {
        Machine.Run("perl /disk/guest/live-session drop persistfs-torn-2");
        RefusesTwice("torn", WrongSize, "has 4 segments, and segment 2 is missing", kept: "persistfs-torn-1");
        // What was not looked at is with the kernel still.
        Machine.Run("perl /disk/guest/live-session drop persistfs-torn-3");
    }

    /// <summary>A second try finds all as it was, until it is given up.</summary>
    private void RefusesTwice(string name, int exitCode, string says, string kept)
    {
        string descriptors = "";
        for (int round = 0; round < 2; round++)
        {
            ToolResult up = Machine.Try($"persistfs up /mnt/{name} --arena memfd:{name} --size 64M");
            Assert.True(up.ExitCode == exitCode, up.ToString());
            Assert.Contains(says, up.Output, StringComparison.Ordinal);
            Assert.Contains("persistfs down --discard", up.Output, StringComparison.Ordinal);
            // Not by way of /proc/PID/cmdline, which waits for whoever changes that process's memory.
            string now = Machine.Run("""
                ls -l /proc/[0-9]*/fd 2>/dev/null | sed -n 's/.*-> //p' | grep -e luo_session -e memfd: | sort
                """);
            Assert.Contains(kept, now, StringComparison.Ordinal);
            if (round > 0) Assert.Equal(descriptors, now);
            descriptors = now;
        }

        Machine.Run($"persistfs down /mnt/{name} --discard");
        string made = Machine.Run($"persistfs up /mnt/{name} --arena memfd:{name} --size 64M");
        Assert.Contains("a new, empty one was made", made, StringComparison.Ordinal);
        Machine.Run($"persistfs down /mnt/{name} --discard");
    }

    /// <summary>On the way to the next kernel all memory is lost.</summary>
    /// <param name="commandLine">Its parameters.</param>
    /// <param name="how">How kexec loads it.</param>
    /// <param name="reason">What is said of that.</param>
    private void Lose(string commandLine, string how, string reason)
    {
        Machine.Load(GuestKernel.LiveUpdate, $"{commandLine} pkram=memfd:tree,{GuestTree.Root}".Trim(), how);
        Machine.Execute();
        ToolResult finish = Machine.Try("persistfs kexec finish");
        Assert.True(finish.ExitCode == NotReturned, finish.ToString());
        Assert.Contains($"memfd:tree: what it held is lost: ", finish.Output, StringComparison.Ordinal);
        Assert.Contains(reason, finish.Output, StringComparison.Ordinal);
        Machine.Run($"! grep {GuestTree.Root} /proc/mounts");
        string made = Machine.Run($"persistfs up {GuestTree.Root} --arena memfd:tree --size 128M");
        Assert.Contains("nobody had one of that name; a new, empty one was made", made, StringComparison.Ordinal);
    }

    private JsonElement Live(string mountPoint)
    {
        using JsonDocument status = JsonDocument.Parse(Machine.Run($"persistfs status {mountPoint} --json"));
        return status.RootElement.GetProperty("live").Clone();
    }
}
