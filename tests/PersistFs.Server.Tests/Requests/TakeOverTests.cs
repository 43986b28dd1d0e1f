using System.Runtime.InteropServices;
using PersistFs.Engine.Check;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Server.Tests.Requests;

/// <summary>
/// Requests sent again to a server that took over: the bytes that answer them, and what they do to the tree.
/// </summary>
public sealed class TakeOverTests : IDisposable
{
    private const ulong Unique = 4242;
    private const int UniqueOffset = 8;

    private readonly TestArena arena = new();
    private readonly DyingServer death = new();
    private readonly InlineServer server;
    private readonly NodeId file;

    public TakeOverTests()
    {
        // As in a process of its own, the server has the first slot, and so have its successors.
        arena.Volume.DetachWorker(arena.Worker);
        server = new InlineServer(arena);
        file = server.Ask(KernelRequests.Create(NodeId.Root, "file")).Read<EntryOut>().NodeId;
        Assert.Equal(Errno.OK, server.Ask(KernelRequests.MakeDirectory(NodeId.Root, "directory")).Error);
        Assert.Equal(Errno.OK, server.Ask(KernelRequests.SetXattr(file, "user.colour", "green")).Error);
    }

    /// <summary>By name, for a theory's data.</summary>
    public static TheoryData<string> Requests => [.. Builders(NodeId.None).Keys];

    public void Dispose()
    {
        server.Dispose();
        death.Dispose();
        arena.Dispose();
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_that_was_executed_is_answered_with_the_same_bytes(string name)
    {
        KernelRequestBuilder request = Builders(file)[name];
        using InlineServer successor = InlineServer.TakeOver(
            death.DieAfter(server, arena.Path, Unique, request, out byte[] reply));
        Assert.Equal(Errno.OK, new KernelReply(reply).Error);
        Assert.Equal(reply, Again(successor, request, Unique));
        Assert.Equal((1L, 1L, 0L), Counters(successor));
        successor.FileSystem.ReplayEnded();
        RecordReader.RequireNone(successor.Volume);
        RequireSame(successor);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_that_was_not_executed_is_executed(string name)
    {
        KernelRequestBuilder request = Builders(file)[name];
        using InlineServer successor = InlineServer.TakeOver(death.DieBefore(server, arena.Path, Unique, request));
        byte[] reply = Again(successor, request, Unique);
        Assert.Equal(Errno.OK, new KernelReply(reply).Error);
        Assert.Equal((1L, 0L, 0L), Counters(successor));
        successor.FileSystem.ReplayEnded();
        RecordReader.RequireNone(successor.Volume);
        RequireSame(successor);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_whose_record_outlives_three_servers_is_answered_by_the_fourth(string name)
    {
        KernelRequestBuilder request = Builders(file)[name];
        Volume left = death.DieAfter(server, arena.Path, Unique, request, out byte[] reply);
        for (int killed = 0; killed < 3; killed++)
        {
            using InlineServer next = InlineServer.TakeOver(left);
            // It is being answered, from the record, when this server dies as well.
            left = death.DieBefore(next, death.LastPath, Unique | InHeader.ResendBit, request);
        }
        using InlineServer last = InlineServer.TakeOver(left);
        Assert.Equal(reply, Again(last, request, Unique));
        Assert.Equal((1L, 1L, 0L), Counters(last));
        last.FileSystem.ReplayEnded();
        RequireSame(last);
    }

    [Fact]
    public void A_request_that_ends_three_servers_is_answered_with_an_error_and_not_executed()
    {
        KernelRequestBuilder request = KernelRequests.MakeDirectory(NodeId.Root, "new");
        Volume left = death.DieBefore(server, arena.Path, Unique, request);
        for (int killed = 1; killed < CrashCounts.CrashesMax; killed++)
        {
            using InlineServer next = InlineServer.TakeOver(left);
            left = death.DieBefore(next, death.LastPath, Unique | InHeader.ResendBit, request);
        }
        using InlineServer last = InlineServer.TakeOver(left);
        Assert.Equal(Errno.EIO, new KernelReply(Again(last, request, Unique)).Error);
        Assert.Equal((1L, 0L, 1L), Counters(last));
        Assert.Equal(NodeId.None, last.Ask(KernelRequests.Lookup(NodeId.Root, "new")).Read<EntryOut>().NodeId);
        // Whoever asks once more is served: it is another request.
        Assert.Equal(Errno.OK, last.Ask(request).Error);
    }

    [Fact]
    public void A_request_that_meets_three_kills_from_outside_is_executed()
    {
        KernelRequestBuilder request = KernelRequests.MakeDirectory(NodeId.Root, "new");
        Volume left = death.DieBefore(server, arena.Path, Unique, request);
        for (int killed = 1; killed < CrashCounts.CrashesMax + 2; killed++)
        {
            using InlineServer next = InlineServer.TakeOver(left, wasKilled: true);
            left = death.DieBefore(next, death.LastPath, Unique | InHeader.ResendBit, request);
        }
        using InlineServer last = InlineServer.TakeOver(left, wasKilled: true);
        Assert.Equal(Errno.OK, new KernelReply(Again(last, request, Unique)).Error);
        Assert.Equal((1L, 0L, 0L), Counters(last));
        Assert.NotEqual(NodeId.None, last.Ask(KernelRequests.Lookup(NodeId.Root, "new")).Read<EntryOut>().NodeId);
    }

    [Fact]
    public void A_forget_that_was_in_hand_is_found_by_the_successor_and_goes_on_where_it_was()
    {
        KernelRequestBuilder request = KernelRequests.Forget(file, 1);
        ulong held = LookupsOf(server.Volume);
        using InlineServer successor = InlineServer.TakeOver(
            death.DieBeforeForget(server, arena.Path, Unique, request));
        RequestInHand inHand = Assert.Single(successor.FileSystem.RequestsInHand());
        Assert.Equal(request.Build().Length, (int)MemoryMarshal.Read<uint>(inHand.Memory.AsSpan()));
        for (int time = 0; time < 2; time++) successor.DispatchAs(Unique, request.Build());
        Assert.Equal(held - 1, LookupsOf(successor.Volume));
        Assert.Equal(held - 1, LookupsOf(server.Volume));
    }

    [Fact]
    public void A_forget_that_ends_three_servers_is_left_undone()
    {
        KernelRequestBuilder request = KernelRequests.ForgetAll(new ForgetOne { NodeId = file, LookupCount = 1 });
        ulong held = LookupsOf(server.Volume);
        Volume left = death.DieBeforeForget(server, arena.Path, Unique, request);
        for (int killed = 1; killed < CrashCounts.CrashesMax; killed++)
        {
            using InlineServer next = InlineServer.TakeOver(left);
            Assert.NotEqual(0U, MemoryMarshal.Read<uint>(next.FileSystem.RequestsInHand()[0].Memory.AsSpan()));
            left = death.DieBeforeForget(next, death.LastPath, Unique, request);
        }
        using InlineServer last = InlineServer.TakeOver(left);
        Assert.Equal(0U, MemoryMarshal.Read<uint>(last.FileSystem.RequestsInHand()[0].Memory.AsSpan()));
        Assert.Equal((0L, 0L, 1L), Counters(last));
        Assert.Equal(held, LookupsOf(last.Volume));
    }

    [Fact]
    public void A_listing_that_is_longer_than_the_request_it_answers_is_damage_and_no_crash()
    {
        Volume left = death.DieAfter(
            server, arena.Path, Unique, KernelRequests.Read(NodeId.Root, 0, 4096, Opcode.ReadDirectoryPlus), out _);
        using InlineServer successor = InlineServer.TakeOver(left);
        byte[] reply = Again(successor, KernelRequests.Read(NodeId.Root, 0, 64, Opcode.ReadDirectoryPlus), Unique);
        Assert.Equal(Errno.EIO, new KernelReply(reply).Error);
        Assert.Equal(VolumeState.ReadOnly, left.State);
        Assert.Equal(Errno.EROFS, successor.Ask(KernelRequests.MakeDirectory(NodeId.Root, "new")).Error);
        Assert.Equal(Errno.OK, successor.Ask(KernelRequests.Lookup(NodeId.Root, "file")).Error);
    }

    [Fact]
    public void A_reply_that_had_left_is_not_asked_for_and_its_record_is_dropped()
    {
        Volume left = death.DieAfter(server, arena.Path, Unique, KernelRequests.Lookup(NodeId.Root, "file"), out _);
        using InlineServer successor = InlineServer.TakeOver(left);
        successor.FileSystem.ReplayEnded();
        RecordReader.RequireNone(left);
        RequireSame(successor);
    }

    [Fact]
    public void A_reply_that_nobody_takes_any_more_takes_its_lookups_back_and_its_record_with_it()
    {
        ulong before = LookupsOf(server.Volume);
        server.LoseReplies();
        ulong unique = Unique;
        foreach (KernelRequestBuilder request in Builders(file).Values) server.DispatchAs(unique += 2, request.Build());
        RecordReader.RequireNone(server.Volume);
        Assert.Equal(before, LookupsOf(server.Volume));
    }

    private static byte[] Again(InlineServer successor, KernelRequestBuilder request, ulong unique)
    {
        byte[] reply = successor.ServeAs(unique | InHeader.ResendBit, request);
        Assert.Equal(unique | InHeader.ResendBit, MemoryMarshal.Read<ulong>(reply.AsSpan(UniqueOffset)));
        // The mark is all that is to be different.
        MemoryMarshal.Write(reply.AsSpan(UniqueOffset), in unique);
        return reply;
    }

    private static (long Replayed, long AnsweredFromRecords, long GivenUp) Counters(InlineServer successor) =>
        (successor.FileSystem.Replayed, successor.FileSystem.AnsweredFromRecords, successor.FileSystem.GivenUp);

    /// <summary>References that the kernel holds, of all inodes together.</summary>
    private static ulong LookupsOf(Volume volume) =>
        LookupImage.Held(volume).Aggregate(0UL, (sum, held) => sum + held.Count);

    /// <summary>
    /// Insists that the tree and the kernel's references are as in the server that has executed the request once.
    /// </summary>
    private void RequireSame(InlineServer successor)
    {
        CheckReport report = VolumeChecker.Check(successor.Volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        ServedState expected = ServedState.Read(server.Volume);
        ServedState actual = ServedState.Read(successor.Volume);
        Assert.Null(actual.Tree.WithoutMoment().FindDifference(expected.Tree.WithoutMoment()));
        Assert.Null(actual.Lookups.FindDifference(expected.Lookups));
    }

    private static Dictionary<string, KernelRequestBuilder> Builders(NodeId file) => new()
    {
        ["LOOKUP"] = KernelRequests.Lookup(NodeId.Root, "file"),
        ["LOOKUP of ."] = KernelRequests.Lookup(file, "."),
        ["CREATE"] = KernelRequests.Create(NodeId.Root, "new"),
        ["MKNOD"] = KernelRequests.MakeNode(NodeId.Root, "new"),
        ["MKDIR"] = KernelRequests.MakeDirectory(NodeId.Root, "new"),
        ["SYMLINK"] = KernelRequests.SymbolicLink(NodeId.Root, "new", "where/to"),
        ["TMPFILE"] = KernelRequests.MakeTemporaryFile(NodeId.Root),
        ["LINK"] = KernelRequests.Link(NodeId.Root, file, "new"),
        ["UNLINK"] = KernelRequests.Unlink(NodeId.Root, "file"),
        ["RMDIR"] = KernelRequests.RemoveDirectory(NodeId.Root, "directory"),
        ["RENAME"] = KernelRequests.Rename(NodeId.Root, "file", "new"),
        ["SETXATTR"] = KernelRequests.SetXattr(file, "user.size", "large"),
        ["REMOVEXATTR"] = new KernelRequestBuilder(Opcode.RemoveXattr, file).WithName("user.colour"),
        ["READDIRPLUS"] = KernelRequests.Read(NodeId.Root, 0, 4096, Opcode.ReadDirectoryPlus),
    };
}
