using System.Globalization;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Dump;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Dump;

/// <summary>What a dump says of an arena, and that it leaves the arena as it is.</summary>
public sealed class VolumeDumpTests : IDisposable
{
    private readonly TestArena arena = new(FormatOptions.SizeMin) { IsDamaged = true };
    private readonly VolumeUser user;

    public VolumeDumpTests() => user = new VolumeUser(arena.Volume, arena.Worker);

    public void Dispose() => arena.Dispose();

    [Fact]
    public void The_arena_as_a_whole_is_described_section_by_section()
    {
        Assert.Equal(Errno.OK, user.CreateFile("/file"));
        string text = Dump(new DumpOptions());
        Assert.Contains("superblock: good", text, StringComparison.Ordinal);
        Assert.Contains("in force; generation", text, StringComparison.Ordinal);
        Assert.Contains($"root inode {arena.Tree.Root}", text, StringComparison.Ordinal);
        Assert.Contains($"owner record: \"process {Environment.ProcessId}\"", text, StringComparison.Ordinal);
        Assert.Contains("0: frame 1, idle", text, StringComparison.Ordinal);
        Assert.Contains("inodes: 2 of 32 in 1 slabs", text, StringComparison.Ordinal);
        Assert.Contains("System 1: 0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_arena_in_use_is_said_to_be_and_not_a_byte_of_it_changes()
    {
        Assert.Equal(Errno.OK, user.CreateFile("/file"));
        byte[] before = File.ReadAllBytes(arena.Path);
        Assert.Contains(
            $"in use by process {Environment.ProcessId}", Dump(new DumpOptions()), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(arena.Path));
    }

    [Fact]
    public void An_open_transaction_is_shown_and_not_undone()
    {
        ref readonly InodeRecord root = ref arena.Volume.Space.Arena.At<InodeRecord>(arena.Tree.Root.Record);
        using (Engine.Transactions.Transaction transaction = arena.Worker.Begin())
        {
            transaction.Set(in root.UserId, 77U);
            string text = Dump(new DumpOptions());
            Assert.Contains("a transaction is open, 1 entries to undo", text, StringComparison.Ordinal);
            Assert.Contains("undo 0: 4 bytes at", text, StringComparison.Ordinal);
            Assert.Equal(77U, root.UserId);
        }
        Assert.Contains("idle", Dump(new DumpOptions()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_dead_server_had_in_hand_shows_with_what_it_had_done()
    {
        arena.Tree.BeginSession();
        arena.Tree.BeginRequest(arena.Worker, 7);
        Assert.Equal(Errno.OK, arena.Tree.LookupSelf(arena.Worker, arena.Tree.Root, out _));
        _ = arena.Tree.BeginForget(arena.Worker, 9);
        Testing.Crash.ForgetRequest.Arrive(arena.Worker);
        string text = Dump(new DumpOptions());
        Assert.Contains("in hand: request 7 of session 1", text, StringComparison.Ordinal);
        Assert.Contains($"record 0: valid, request 7 of session 1, inode {arena.Tree.Root}", text,
            StringComparison.Ordinal);
        Assert.Contains("last that forgets: request 9 of session 1, 0 inodes done", text, StringComparison.Ordinal);
        Assert.Contains("request buffer: 64 bytes in hand", text, StringComparison.Ordinal);
        arena.Tree.EndRequest(arena.Worker);
        Assert.DoesNotContain("record 0", Dump(new DumpOptions()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_ended_its_server_shows_as_a_suspect()
    {
        arena.Tree.BeginSession();
        arena.Tree.BeginRequest(arena.Worker, 7);
        arena.Volume.DetachWorker(arena.Worker);
        arena.Tree.ResumeSession();
        string text = Dump(new DumpOptions());
        Assert.Contains("suspect: request 7 of session 1, 1 crashes, 0 kills", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_orphan_shows_on_its_pending_list()
    {
        Assert.Equal(Errno.OK, user.CreateFile("/file"));
        InodeNumber inode = user.Hold("/file");
        Assert.Equal(Errno.OK, user.Unlink("/file"));
        Assert.Contains($"inodes {inode} (links 0)", Dump(new DumpOptions()), StringComparison.Ordinal);
        Assert.Contains("pending: listed", Dump(new DumpOptions { Inode = inode.Value }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_found_by_its_path_and_shown_with_extents_and_attributes()
    {
        Assert.Equal(Errno.OK, user.CreateDirectory("/below"));
        Assert.Equal(Errno.OK, user.CreateFile("/below/file"));
        Assert.Equal(Errno.OK, user.Write("/below/file", 1 << 20, new byte[12_000]));
        Assert.Equal(Errno.OK, user.SetXattr("/below/file", "user.name", "the value"u8));
        string text = Dump(new DumpOptions { Path = "below/file" });
        Assert.Contains("mode 0100644, links 1", text, StringComparison.Ordinal);
        Assert.Contains("    256-25", text, StringComparison.Ordinal);
        Assert.Contains("\"user.name\", 9 bytes: \"the value\"", text, StringComparison.Ordinal);
        Assert.Contains("leads to \"elsewhere\"", DumpOfLink("elsewhere"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_shows_its_names_up_to_the_limit()
    {
        for (int index = 0; index < 300; index++)
            Assert.Equal(Errno.OK, user.CreateFile(string.Create(CultureInfo.InvariantCulture, $"/name {index}")));
        string text = Dump(new DumpOptions { Inode = 1, ItemsMax = 1000 });
        for (int index = 0; index < 300; index++) Assert.Contains(
            $"\"name {index}\": inode ", text, StringComparison.Ordinal);
        string few = Dump(new DumpOptions { Path = "/", ItemsMax = 10 });
        Assert.Equal(10, few.Split("\"name ").Length - 1);
        Assert.Contains("and more", few, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pointer_that_leads_nowhere_is_shown_as_that()
    {
        Assert.Equal(Errno.OK, user.CreateFile("/file"));
        Assert.Equal(Errno.OK, user.Write("/file", 0, new byte[40_000]));
        Assert.Equal(Errno.OK, user.Find("/file", out InodeNumber inode));
        ref readonly InodeRecord record = ref arena.Volume.Space.Arena.At<InodeRecord>(inode.Record);
        ArenaPointer node = new MapEntry(record.Contents).Pointer;
        Store.Word(ref arena.Volume.Space.Arena.Target<ulong>(node + 16), MapEntry.Block(inode.Record).Value);
        string text = Dump(new DumpOptions { Inode = inode.Value });
        Assert.Contains("2: 0x", text, StringComparison.Ordinal);
        Assert.Contains("where nothing is allocated for it", text, StringComparison.Ordinal);
        Assert.Contains("3-9: 0x", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_is_refused_in_words()
    {
        Assert.Equal(ArenaFault.InvalidArgument, Refused(new DumpOptions { Inode = 12345 }));
        Assert.Equal(ArenaFault.InvalidArgument, Refused(new DumpOptions { Inode = ulong.MaxValue }));
        Assert.Equal(ArenaFault.InvalidArgument, Refused(new DumpOptions { Path = "/no/where" }));
        ArenaException exception = Assert.Throws<ArenaException>(
            () => VolumeDump.Write("/etc/passwd", new DumpOptions(), TextWriter.Null));
        Assert.Equal(ArenaFault.NotAnArena, exception.Fault);
    }

    private string DumpOfLink(string target)
    {
        Assert.Equal(Errno.OK, user.CreateSymbolicLink("/link", target));
        return Dump(new DumpOptions { Path = "/link" });
    }

    private ArenaFault Refused(DumpOptions options) => Assert.Throws<ArenaException>(() => Dump(options)).Fault;

    private string Dump(DumpOptions options)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        VolumeDump.Write(arena.Path, options, output);
        return output.ToString();
    }
}
