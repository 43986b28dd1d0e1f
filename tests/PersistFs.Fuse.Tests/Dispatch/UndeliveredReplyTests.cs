using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Dispatch;

/// <summary>What a reply would have made the kernel count is taken back when the reply is not taken.</summary>
public sealed class UndeliveredReplyTests
{
    private const string HandleText = "1122334455667788";

    public static TheoryData<Opcode, string[]> Expected => new()
    {
        { Opcode.Lookup, ["Lookup name", "Forget 7 1", "Completed undelivered"] },
        { Opcode.Create, ["Create name 100644", $"Release 7 {HandleText}", "Forget 7 1", "Completed undelivered"] },
        { Opcode.Open, ["Open 2", $"Release 5 {HandleText}", "Completed undelivered"] },
        { Opcode.OpenDirectory, ["OpenDirectory", $"ReleaseDirectory {HandleText}", "Completed undelivered"] },
        { Opcode.ReadDirectoryPlus, ["ReadDirectory 9 True", "Forget 7 1", "Forget 7 1", "Completed undelivered"] },
        { Opcode.ReadDirectory, ["ReadDirectory 9 False", "Completed undelivered"] },
        { Opcode.Read, ["Read 3 4096", "ReadDone", "Completed undelivered"] },
    };

    [Theory, MemberData(nameof(Expected))]
    public async Task Lookups_and_handles_are_taken_back(Opcode opcode, string[] expected)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, new SessionOptions { WorkerCount = 1, NoOpen = false });
        peer.Begin();
        fileSystem.Calls.Clear();
        fileSystem.Gate.Reset();
        fileSystem.Waiting.Reset();

        peer.Send(SampleRequest.Of(opcode).ToBuilder());
        Assert.True(fileSystem.Waiting.Wait(TimeSpan.FromSeconds(20)));
        peer.Close();
        fileSystem.Gate.Set();
        SessionEnd end = await peer.Session.Completion.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(expected, fileSystem.Calls);
        Assert.Equal(SessionEndReason.Unmounted, end.Reason);
        Assert.Equal(1UL, peer.Session.ReadCounters().Undelivered);
    }

    [Fact]
    public async Task An_error_that_is_not_delivered_takes_nothing_back()
    {
        RecordingFileSystem fileSystem = new() { Answer = Errno.EIO };
        using KernelPeer peer = new(fileSystem, new SessionOptions { WorkerCount = 1 });
        peer.Begin();
        fileSystem.Calls.Clear();
        fileSystem.Gate.Reset();
        fileSystem.Waiting.Reset();

        peer.Send(SampleRequest.Of(Opcode.Lookup).ToBuilder());
        Assert.True(fileSystem.Waiting.Wait(TimeSpan.FromSeconds(20)));
        peer.Close();
        fileSystem.Gate.Set();
        await peer.Session.Completion.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["Lookup name", "Completed undelivered"], fileSystem.Calls);
    }

    [Fact]
    public async Task A_file_system_that_cannot_take_back_is_told_that_the_request_has_ended()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, new SessionOptions { WorkerCount = 1 });
        peer.Begin();
        fileSystem.Calls.Clear();
        fileSystem.Gate.Reset();
        fileSystem.Waiting.Reset();

        peer.Send(SampleRequest.Of(Opcode.Lookup).ToBuilder());
        Assert.True(fileSystem.Waiting.Wait(TimeSpan.FromSeconds(20)));
        peer.Close();
        fileSystem.Damage = new InvalidDataException("for a test");
        fileSystem.Gate.Set();
        await peer.Session.Completion.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(["Lookup name", "Completed undelivered"], fileSystem.Calls);
    }
}
