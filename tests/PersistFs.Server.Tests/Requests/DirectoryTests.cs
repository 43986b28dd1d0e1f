using System.Runtime.CompilerServices;
using System.Text;
using PersistFs.Engine.Testing;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Server.Tests.Requests;

/// <summary>Directories by the bytes of requests and replies.</summary>
public sealed class DirectoryTests : IDisposable
{
    private readonly InlineServer server = new();

    public void Dispose() => server.Dispose();

    [Fact]
    public void The_root_is_node_1_wherever_it_is_met()
    {
        NodeId child = Make(KernelRequests.MakeDirectory(NodeId.Root, "child")).NodeId;
        EntryOut parent = Ask(KernelRequests.Lookup(child, "..")).Read<EntryOut>();
        Assert.Equal(NodeId.Root, parent.NodeId);
        Assert.Equal(NodeId.Root.Value, parent.Attributes.InodeNumber);
        Assert.Equal(
            [(".", child.Value), ("..", NodeId.Root.Value)], List(child).Select(entry => (entry.Name, entry.Inode)));
    }

    [Fact]
    public void A_directory_is_listed_in_pieces_from_cookie_to_cookie()
    {
        HashSet<string> made = [".", ".."];
        for (int i = 0; i < 200; i++)
        {
            Make(KernelRequests.Create(NodeId.Root, $"file-{i}"));
            made.Add($"file-{i}");
        }
        List<string> listed = [];
        ulong cookie = 0;
        while (List(NodeId.Root, cookie, size: 512) is { Count: > 0 } piece)
        {
            listed.AddRange(piece.Select(entry => entry.Name));
            cookie = piece[^1].Cookie;
        }
        Assert.Equal(made.Count, listed.Count);
        Assert.True(made.SetEquals(listed));
    }

    [Fact]
    public void Readdirplus_counts_a_lookup_of_each_entry_but_the_dots()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        KernelReply reply = Ask(KernelRequests.Read(NodeId.Root, 0, 4096, Opcode.ReadDirectoryPlus));
        Assert.Equal(NodeId.None, reply.Read<EntryOut>().NodeId);
        Ask(KernelRequests.Unlink(NodeId.Root, "file"));
        server.Tell(KernelRequests.Forget(file, 1));
        Assert.Equal(Errno.OK, server.Ask(KernelRequests.GetAttributes(file)).Error);
        server.Tell(KernelRequests.Forget(file, 1));
        Assert.Equal(Errno.ESTALE, server.Ask(KernelRequests.GetAttributes(file)).Error);
    }

    [Fact]
    public void Readdirplus_counts_nothing_for_an_entry_that_finds_no_room()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        // Room for "." and "..", and not for one more entry.
        int dots = 2 * DirectoryWriter.RecordLength(isPlus: true, nameLength: 2);
        Ask(KernelRequests.Read(NodeId.Root, 0, (uint)dots, Opcode.ReadDirectoryPlus));
        Ask(KernelRequests.Unlink(NodeId.Root, "file"));
        server.Tell(KernelRequests.Forget(file, 1));
        Assert.Equal(Errno.ESTALE, server.Ask(KernelRequests.GetAttributes(file)).Error);
    }

    [Fact]
    public void Nodes_cookies_and_contents_are_the_same_for_a_successor()
    {
        using TestArena arena = new();
        NodeId file;
        ulong cookie;
        using (InlineServer first = new(arena))
        {
            file = first.Ask(KernelRequests.Create(NodeId.Root, "file")).Read<EntryOut>().NodeId;
            first.Ask(KernelRequests.Write(file, 0, "outlives"u8));
            cookie = Parse(first.Ask(KernelRequests.Read(NodeId.Root, 0, 4096, Opcode.ReadDirectory)).Body)[^1].Cookie;
        }
        arena.Reopen();
        using InlineServer second = new(arena);
        Assert.Equal("outlives"u8.ToArray(), second.Ask(KernelRequests.Read(file, 0, 100)).Body);
        Assert.Equal(file, second.Ask(KernelRequests.Lookup(NodeId.Root, "file")).Read<EntryOut>().NodeId);
        Assert.Empty(second.Ask(KernelRequests.Read(NodeId.Root, cookie, 4096, Opcode.ReadDirectory)).Body);
    }

    private List<(string Name, ulong Inode, ulong Cookie)> List(
        NodeId directory, ulong cookie = 0, uint size = 65536) =>
        Parse(Ask(KernelRequests.Read(directory, cookie, size, Opcode.ReadDirectory)).Body);

    private static List<(string Name, ulong Inode, ulong Cookie)> Parse(ReadOnlySpan<byte> records)
    {
        List<(string, ulong, ulong)> entries = [];
        while (!records.IsEmpty)
        {
            DirectoryEntry entry = System.Runtime.InteropServices.MemoryMarshal.Read<DirectoryEntry>(records);
            ReadOnlySpan<byte> name = records.Slice(Unsafe.SizeOf<DirectoryEntry>(), (int)entry.NameLength);
            entries.Add((Encoding.UTF8.GetString(name), entry.InodeNumber, entry.NextCookie));
            records = records[DirectoryWriter.RecordLength(isPlus: false, name.Length)..];
        }
        return entries;
    }

    private KernelReply Ask(KernelRequestBuilder request)
    {
        KernelReply reply = server.Ask(request);
        Assert.Equal(Errno.OK, reply.Error);
        return reply;
    }

    private EntryOut Make(KernelRequestBuilder request) => Ask(request).Read<EntryOut>();
}
