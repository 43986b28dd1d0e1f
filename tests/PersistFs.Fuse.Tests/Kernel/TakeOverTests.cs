using System.Diagnostics;
using System.Globalization;
using Mono.Unix.Native;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using Errno = PersistFs.Linux.Errno;

namespace PersistFs.Fuse.Tests.Kernel;

/// <summary>This machine's kernel sends again what a dead server had in hand, and its callers notice nothing.</summary>
public sealed class TakeOverTests : IDisposable
{
    private const int CallersInHand = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly IEnumerable<int> InHand = Enumerable.Range(0, CallersInHand);

    private readonly DirectoryTree tree = new();
    private readonly Lazy<KernelConnection> made = new(() => new KernelConnection().Begin());

    private KernelConnection Connection => made.Value;

    public void Dispose()
    {
        if (made.IsValueCreated) made.Value.Dispose();
    }

    [ResendFact]
    public void Calls_in_hand_end_as_if_nothing_had_happened()
    {
        StartAndStop(() => MakeDirectories("victim", "directory"));
        NodeId victim = tree.NodeOf("victim");

        // Removed by the dead server, which read the FORGET that follows and died.
        Caller removal = new(() => Syscall.rmdir(Connection["victim"]));
        Connection.Answer(Connection.Take().Header, Errno.OK);
        Assert.Equal(0, removal.Result);
        RequestInHand forget = Connection.Take(Opcode.Forget);

        Caller maker = new(() => Syscall.mkdir(Connection["directory/made"], FilePermissions.ACCESSPERMS));
        Connection.Answer(Connection.Take().Header, Errno.ENOENT);
        RequestInHand making = Connection.Take(Opcode.MakeDirectory);
        Caller[] callers = [.. from number in InHand select Look($"name{number}")];
        foreach (Caller _ in callers) Connection.Take(Opcode.Lookup);
        Caller late = Look("late");
        Connection.WaitForRequest();
        tree.Calls.Clear();

        Session successor = Connection.NewSession(tree, workerCount: 3, tree.Terms);
        Assert.Equal(Errno.OK, successor.TakeOver([forget, making]));

        Assert.Equal(0, maker.Result);
        Assert.All(callers, caller => Assert.Equal(-1, caller.Result));
        Assert.Equal(-1, late.Result);
        Assert.True(tree.Replayed.Wait(Patience));
        string[] calls = [.. tree.Calls];
        Assert.Equal($"Forget {victim.Value} 1 by {forget.Worker}", calls[0]);
        Assert.Equal<HashSet<string>>(
            ["MakeDirectory made again", .. from number in InHand select $"Lookup name{number} again"],
            [.. calls[1..(CallersInHand + 2)]]);
        Assert.Equal(["Lookup late", "ReplayEnded"], calls[(CallersInHand + 2)..]);
        Assert.Equal(0, tree.LookupCounts[victim]);
        Assert.Equal(CallersInHand + 1UL, successor.ReadCounters().Resent);
        Assert.Equal((0UL, 0UL), (successor.ReadCounters().Undelivered, successor.ReadCounters().Refused));
    }

    [ResendFact]
    public void A_call_goes_on_over_three_servers()
    {
        StartAndStop(() => MakeDirectories("directory"));
        Caller caller = Look("missing");
        Connection.Take(Opcode.Lookup);
        for (int death = 0; death < 2; death++)
        {
            Assert.Equal(Errno.OK, new Notifier(Connection.Channel).Resend());
            Assert.NotEqual(0UL, Connection.Take().Header.Unique & InHeader.ResendBit);
        }

        Assert.Equal(Errno.OK, Connection.NewSession(tree, workerCount: 2, tree.Terms).TakeOver([]));

        Assert.Equal(-1, caller.Result);
        Assert.True(tree.Replayed.Wait(Patience));
        Assert.Single(tree.Calls, "Lookup missing again");
    }

    [ResendFact]
    public void A_caller_killed_while_its_request_was_in_hand_is_let_go()
    {
        StartAndStop(() => MakeDirectories("directory"));
        using Process caller = Process.Start("stat", [Connection["missing"]]);
        Connection.Take(Opcode.Lookup);
        caller.Kill();
        Connection.Take(Opcode.Interrupt);
        Assert.True(SpinWait.SpinUntil(() => StateOf(caller) == 'D', Patience));

        Session successor = Connection.NewSession(tree, workerCount: 2, tree.Terms);
        Assert.Equal(Errno.OK, successor.TakeOver([]));

        Assert.True(caller.WaitForExit(Patience));
        Assert.True(tree.Replayed.Wait(Patience));
        Assert.Single(tree.Calls, "Lookup missing again");
        Assert.Equal(0UL, successor.ReadCounters().Undelivered);
    }

    [ResendFact]
    public void A_caller_killed_before_its_request_was_read_again_holds_nothing_up()
    {
        StartAndStop(() => MakeDirectories("directory"));
        using Process caller = Process.Start("stat", [Connection["missing"]]);
        Connection.Take(Opcode.Lookup);
        Assert.Equal(Errno.OK, new Notifier(Connection.Channel).Resend());
        caller.Kill();
        Assert.True(caller.WaitForExit(Patience));

        Session successor = Connection.NewSession(tree, workerCount: 2, tree.Terms);
        Assert.Equal(Errno.OK, successor.TakeOver([]));

        Assert.True(tree.Replayed.Wait(Patience));
        Assert.DoesNotContain("Lookup missing again", tree.Calls);
        Assert.Equal(-1, Look("missing").Result);
    }

    [ResendTheory, InlineData(false, false), InlineData(true, false), InlineData(true, true)]
    public void A_server_that_dies_over_INIT_is_followed_by_one_that_answers_it(bool wasRead, bool wasKept)
    {
        if (wasRead) Connection.Take(Opcode.Init);
        Negotiated kept = new(40, InitFlags.ParallelDirectoryOperations, 4096, 4096, 1, 12, 9);
        Session successor = Connection.NewSession(tree, workerCount: 2, wasKept ? kept : null);

        Assert.Equal(Errno.OK, successor.TakeOver([]));

        MakeDirectories("directory");
        Assert.Equal(0, Look("directory").Result);
        Assert.True(tree.Replayed.Wait(Patience));
        Assert.Single(tree.Calls, "ReplayEnded");
        Assert.Equal(wasKept, tree.Terms == kept);
        Assert.Equal(wasRead ? 1UL : 0UL, successor.ReadCounters().Resent);
    }

    [ResendFact]
    public async Task A_connection_that_has_ended_ends_the_session()
    {
        StartAndStop(() => MakeDirectories("directory"));
        Caller caller = Look("missing");
        Connection.Take(Opcode.Lookup);
        Connection.Abort();
        Assert.Equal(-1, caller.Result);

        Session successor = Connection.NewSession(tree, workerCount: 3, tree.Terms);
        Assert.Equal(Errno.OK, successor.TakeOver([]));

        Assert.Equal(SessionEndReason.Unmounted, (await successor.Completion.WaitAsync(Patience)).Reason);
        Assert.False(tree.Replayed.IsSet);
    }

    [ResendFact]
    public void Where_the_kernel_refuses_the_session_starts_and_its_replay_ends()
    {
        using KernelConnection connection = new();
        Session session = connection.NewSession(tree, workerCount: 2);
        Assert.Equal(Errno.EPERM, session.TakeOver([]));
        Assert.False(session.Completion.IsCompleted);

        connection.Begin();
        session.Start();

        Assert.True(tree.Replayed.Wait(Patience));
        Assert.NotNull(tree.Terms);
        Assert.Equal(-1, new Caller(() => Syscall.stat(connection["missing"], out _)).Result);
        Assert.Single(tree.Calls, "ReplayEnded");
    }

    /// <summary>A first server answers INIT and <paramref name="calls"/>, then reads no more.</summary>
    private void StartAndStop(Action calls)
    {
        Session first = Connection.NewSession(tree, workerCount: 1);
        first.Start();
        calls();
        first.Stop();
    }

    private void MakeDirectories(params string[] names)
    {
        foreach (string name in names)
        {
            Assert.Equal(0, new Caller(() => Syscall.mkdir(Connection[name], FilePermissions.ACCESSPERMS)).Result);
        }
    }

    private Caller Look(string name) => new(() => Syscall.stat(Connection[name], out _));

    /// <summary>The state that /proc/PID/stat shows behind the program's name.</summary>
    private static char StateOf(Process process)
    {
        string status = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/stat"));
        return status[status.LastIndexOf(')') + 2];
    }

    /// <summary>
    /// One system call on a thread of its own: without a server, it is not the test that waits for ever.
    /// </summary>
    private sealed class Caller
    {
        private const int StackLength = 128 * 1024;

        private readonly Thread thread;
        private int result;

        public Caller(Func<int> call)
        {
            thread = new Thread(() => result = call(), StackLength) { IsBackground = true };
            thread.Start();
        }

        /// <summary>What the call returned, once it has.</summary>
        public int Result => thread.Join(Patience) ? result : throw new TimeoutException("The call did not return.");
    }
}
