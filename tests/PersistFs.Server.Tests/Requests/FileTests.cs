using System.Buffers.Binary;
using System.Text;
using PersistFs.Engine.Arenas;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Server.Tests.Requests;

/// <summary>Files by the bytes of requests and replies.</summary>
public sealed class FileTests : IDisposable
{
    private readonly InlineServer server = new();

    public void Dispose() => server.Dispose();

    [Fact]
    public void A_new_file_belongs_to_the_caller_and_has_the_mode_that_its_umask_leaves()
    {
        EntryOut made = Make(KernelRequests.Create(NodeId.Root, "file", mode: 0x81FF, umask: 0x12)
            .From(new Credentials(7, 8, 9)));
        Assert.Equal(0x81EDu, made.Attributes.Mode);
        Assert.Equal(7u, made.Attributes.UserId);
        Assert.Equal(8u, made.Attributes.GroupId);
        Assert.Equal(made.NodeId.Value, made.Attributes.InodeNumber);
        Assert.Equal(4096u, made.Attributes.BlockSizeInBytes);
    }

    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(0UL, 2048)]
    [InlineData(100UL, 3000)]
    [InlineData(4095UL, 2)]
    [InlineData(1UL << 40, 60_000)]
    public void What_was_written_is_read_and_what_was_skipped_is_zero(ulong offset, int length)
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        Assert.Equal((uint)length, Ask(KernelRequests.Write(file, offset, data)).Read<WriteOut>().SizeInBytes);
        Assert.Equal(data, Ask(KernelRequests.Read(file, offset, 65536)).Body);
        byte[] skipped = Ask(KernelRequests.Read(file, 0, 65536)).Body;
        int zeros = (int)Math.Min(offset, 65536);
        Assert.Equal(new byte[zeros], skipped[..zeros]);
        Assert.Equal(offset + (ulong)length, Stat(file).SizeInBytes);
    }

    [Fact]
    public void A_read_ends_with_the_file()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        Ask(KernelRequests.Write(file, 0, "twelve bytes"u8));
        Assert.Equal("bytes"u8.ToArray(), Ask(KernelRequests.Read(file, 7, 4096)).Body);
        Assert.Empty(Ask(KernelRequests.Read(file, 12, 4096)).Body);
        Assert.Empty(Ask(KernelRequests.Read(file, ulong.MaxValue, 4096)).Body);
    }

    [Fact]
    public void A_name_that_is_absent_may_be_remembered_as_such()
    {
        KernelReply reply = Ask(KernelRequests.Lookup(NodeId.Root, "absent"));
        Assert.Equal(NodeId.None, reply.Read<EntryOut>().NodeId);
        Assert.NotEqual(0UL, reply.Read<EntryOut>().EntryValidSeconds);
    }

    [Fact]
    public void A_removed_file_lives_until_the_kernel_forgets_it()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        Ask(KernelRequests.Write(file, 0, "still here"u8));
        Ask(KernelRequests.Lookup(NodeId.Root, "file"));
        Ask(KernelRequests.Unlink(NodeId.Root, "file"));
        server.Tell(KernelRequests.Forget(file, 1));
        Assert.Equal("still here"u8.ToArray(), Ask(KernelRequests.Read(file, 0, 100)).Body);
        server.Tell(KernelRequests.Forget(file, 1));
        Assert.Equal(Errno.ESTALE, server.Ask(KernelRequests.GetAttributes(file)).Error);
    }

    [Fact]
    public void Times_before_1970_are_whole_seconds_and_nanoseconds_after_them()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        Ask(KernelRequests.SetAttributes(file, new SetAttributesIn
        {
            Valid = SetAttributesFlags.ModifyTime | SetAttributesFlags.AccessTime,
            ModifySeconds = unchecked((ulong)-5L),
            ModifyNanoseconds = 999_999_999,
            AccessSeconds = 1,
        }));
        NodeAttributes attributes = Stat(file);
        Assert.Equal(-5L, (long)attributes.ModifySeconds);
        Assert.Equal(999_999_999u, attributes.ModifyNanoseconds);
        Assert.Equal(1UL, attributes.AccessSeconds);
        Statx status = Ask(KernelRequests.GetStatx(file)).Read<StatxOut>().Status;
        Assert.Equal(-5L, status.Modify.Seconds);
        Assert.Equal(0xFFFu, status.Mask);
        Assert.True(status.Birth.Seconds > 1_700_000_000);
    }

    [Fact]
    public void A_time_with_too_many_nanoseconds_is_refused()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        SetAttributesIn change = new() { Valid = SetAttributesFlags.ModifyTime, ModifyNanoseconds = 1_000_000_000 };
        Assert.Equal(Errno.EINVAL, server.Ask(KernelRequests.SetAttributes(file, change)).Error);
    }

    [Fact]
    public void Device_numbers_are_taken_apart_as_the_kernel_packs_them()
    {
        // Major 0xABC, minor 0x12345, as new_encode_dev of linux/kdev_t.h packs them.
        const uint Device = 0x45 | (0xABC << 8) | (0x123u << 20);
        KernelRequestBuilder request = new KernelRequestBuilder(Opcode.MakeNode, NodeId.Root)
            .With(new MakeNodeIn { Mode = ModeBits.BlockDevice | 0x180, Device = Device }).WithName("device");
        EntryOut made = Make(request);
        Assert.Equal(Device, made.Attributes.Device);
        Statx status = Ask(KernelRequests.GetStatx(made.NodeId)).Read<StatxOut>().Status;
        Assert.Equal(0xABCu, status.DeviceMajor);
        Assert.Equal(0x12345u, status.DeviceMinor);
    }

    [Fact]
    public void File_flags_can_be_set_and_read_in_both_forms()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        byte[] immutable = new byte[28];
        BinaryPrimitives.WriteUInt32LittleEndian(immutable, 0x08 | 0x80);
        Ask(KernelRequests.Control(file, 0x401C5820, immutable, 0));
        Assert.Equal(0x50u, Ask(KernelRequests.Control(file, 0x80086601, default, 4)).Read<uint>(16));
        Assert.Equal(Errno.EPERM, server.Ask(KernelRequests.Write(file, 0, "x"u8)).Error);
        Ask(KernelRequests.Control(file, 0x40086602, [0, 0, 0, 0], 0));
        Assert.Equal(0u, Ask(KernelRequests.Control(file, 0x801C581F, default, 28)).Read<uint>(16));
        Assert.Equal(Errno.OK, server.Ask(KernelRequests.Write(file, 0, "x"u8)).Error);
        Assert.Equal(Errno.ENOTTY, server.Ask(KernelRequests.Control(file, 0x5401, default, 4)).Error);
        Assert.Equal(Errno.EOPNOTSUPP,
            server.Ask(KernelRequests.Control(file, 0x401C5820, [.. immutable[..4], 1, .. new byte[23]], 0)).Error);
    }

    [Fact]
    public void Fsync_is_done_without_where_memory_is_all_there_is()
    {
        NodeId file = Make(KernelRequests.Create(NodeId.Root, "file")).NodeId;
        Assert.Equal(Errno.ENOSYS, server.Ask(KernelRequests.Synchronize(file)).Error);
    }

    [Fact]
    public void A_symbolic_link_says_where_it_leads()
    {
        NodeId link = Make(KernelRequests.SymbolicLink(NodeId.Root, "link", "a/b")).NodeId;
        Assert.Equal("a/b", Encoding.ASCII.GetString(Ask(KernelRequests.ReadLink(link)).Body));
    }

    [Fact]
    public void Damage_turns_the_tree_read_only_and_is_eio_to_the_caller()
    {
        Assert.True(server.FileSystem.Answers(new ArenaCorruptException("for a test"), out Errno answer));
        Assert.Equal(Errno.EIO, answer);
        Assert.Equal(Errno.EROFS, server.Ask(KernelRequests.Create(NodeId.Root, "file")).Error);
        Assert.False(server.FileSystem.Answers(new InvalidOperationException(), out _));
    }

    private KernelReply Ask(KernelRequestBuilder request)
    {
        KernelReply reply = server.Ask(request);
        Assert.Equal(Errno.OK, reply.Error);
        return reply;
    }

    private EntryOut Make(KernelRequestBuilder request) => Ask(request).Read<EntryOut>();

    private NodeAttributes Stat(NodeId node) =>
        Ask(KernelRequests.GetAttributes(node)).Read<AttributesOut>().Attributes;
}
