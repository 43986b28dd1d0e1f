using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Requests;

/// <summary>
/// No bytes hurt the server: one reply to what has a header and wants one, and the next request is served.
/// </summary>
public sealed class HostileRequestTests(ITestOutputHelper output)
{
    private static readonly SessionOptions Options = new() { WorkerCount = 1, NoOpen = false, PagesMax = 16 };
    private static readonly int HeaderLength = Unsafe.SizeOf<InHeader>();

    public static TheoryData<Opcode> Opcodes => new(SampleRequest.All.Select(sample => sample.Opcode));

    [Theory, MemberData(nameof(Opcodes))]
    public void A_request_cut_short_anywhere_is_answered_with_EIO(Opcode opcode)
    {
        SampleRequest sample = SampleRequest.Of(opcode);
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), Options).Begin();
        byte[] whole = sample.ToBuilder().WithUnique(1000).Build();
        for (int length = 1; length < whole.Length; length++)
        {
            byte[] part = whole[..length];
            if (length >= sizeof(uint)) MemoryMarshal.Write(part, length);
            peer.Send(part);
            Errno? error = TakeReply(peer, hasReply: length >= HeaderLength && HasReply(opcode));
            if (error is { } answer && !sample.IgnoresBody) Assert.Equal(Errno.EIO, answer);
        }
        int malformed = sample.IgnoresBody ? HeaderLength - 1 : whole.Length - 1;
        Assert.InRange(peer.Session.ReadCounters().Malformed, (ulong)malformed, (ulong)whole.Length - 1);
    }

    [Theory, MemberData(nameof(Opcodes))]
    public void A_header_that_tells_another_length_is_answered_with_EIO(Opcode opcode)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(fileSystem, Options).Begin();
        uint length = (uint)SampleRequest.Of(opcode).ToBuilder().Build().Length;
        foreach (uint told in (uint[])[0, 1, 39, 40, length - 1, length + 1, 0x7FFFFFFF, uint.MaxValue])
        {
            if (told == length) continue;
            peer.Send(SampleRequest.Of(opcode).ToBuilder().WithUnique(1000).WithLengthInHeader(told).Build());
            Errno? error = TakeReply(peer, HasReply(opcode));
            if (error is { } answer) Assert.Equal(Errno.EIO, answer);
        }
        Assert.DoesNotContain(fileSystem.Calls, call => call == SampleRequest.Of(opcode).Call);
    }

    public static TheoryData<string, byte[]> HostileExtensions => new()
    {
        { "shorter than its header", Words(7, 32, 1, 4) },
        { "longer than the request", Words(24, 32, 1, 4) },
        { "of no length", Words(0, 32) },
        { "without groups", Words(8, 32) },
    };

    [Theory, MemberData(nameof(HostileExtensions))]
    public void A_bad_extension_is_answered_with_EIO(string what, byte[] extension)
    {
        output.WriteLine(what);
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), Options).Begin();

        KernelReply reply = peer.Exchange(SampleRequest.Of(Opcode.MakeDirectory).ToBuilder().WithExtension(extension));

        Assert.Equal(Errno.EIO, reply.Error);
    }

    [Fact]
    public void Extensions_longer_than_the_request_are_answered_with_EIO()
    {
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), Options).Begin();
        KernelRequestBuilder request = SampleRequest.Of(Opcode.MakeDirectory).ToBuilder();

        KernelReply reply = peer.Exchange(request.WithExtensionLengthInHeader(ushort.MaxValue));

        Assert.Equal(Errno.EIO, reply.Error);
    }

    public static TheoryData<string, int> BadNames => new()
    {
        { "", (int)Errno.ENOENT },
        { "a/b", (int)Errno.EINVAL },
        { ".", (int)Errno.EEXIST },
        { "..", (int)Errno.EEXIST },
        { new string('n', 256), (int)Errno.ENAMETOOLONG },
    };

    [Theory, MemberData(nameof(BadNames))]
    public void A_name_no_file_can_have_never_reaches_the_file_system(string name, int expected)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(fileSystem, Options).Begin();

        KernelReply reply = peer.Exchange(
            new KernelRequestBuilder(Opcode.MakeDirectory, NodeId.Root).With(new MakeDirectoryIn()).WithName(name));

        Assert.Equal((Errno)expected, reply.Error);
        Assert.DoesNotContain(fileSystem.Calls, call => call.StartsWith("MakeDirectory", StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_target_longer_than_a_path_is_refused()
    {
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), Options).Begin();
        KernelRequestBuilder Link(int length) => new KernelRequestBuilder(Opcode.SymbolicLink, NodeId.Root)
            .WithName("name").WithName(new string('t', length));

        Assert.Equal(Errno.OK, peer.Exchange(Link(4095)).Error);
        Assert.Equal(Errno.ENAMETOOLONG, peer.Exchange(Link(4096)).Error);
        Assert.Equal(Errno.ENOENT, peer.Exchange(Link(0)).Error);
    }

    [Fact]
    public void Counts_and_sizes_beyond_the_request_are_answered_with_EIO_or_dropped()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(fileSystem, Options).Begin();
        foreach (uint size in (uint[])[5, 0x7FFFFFFF, 0x80000000, uint.MaxValue])
        {
            Assert.Equal(Errno.EIO, peer.Exchange(
                new KernelRequestBuilder(Opcode.Write, NodeId.Root).With(new WriteIn { SizeInBytes = size })
                    .WithBytes("data"u8)).Error);
            Assert.Equal(Errno.EIO, peer.Exchange(
                new KernelRequestBuilder(Opcode.SetXattr, NodeId.Root).With(new SetXattrIn { SizeInBytes = size })
                    .WithName("user.a").WithBytes("data"u8)).Error);
            Assert.Equal(Errno.EIO, peer.Exchange(
                new KernelRequestBuilder(Opcode.Ioctl, NodeId.Root).With(new IoctlIn { InputSizeInBytes = size })
                    .WithBytes("data"u8)).Error);
            peer.Send(new KernelRequestBuilder(Opcode.BatchForget, NodeId.None)
                .With(new BatchForgetIn { Count = size }).With(default(ForgetOne)));
        }
        Assert.Equal(Errno.OK, peer.Exchange(SampleRequest.Of(Opcode.StatFs).ToBuilder()).Error);
        Assert.Equal(["Initialize", "GetFileSystemStatus"], fileSystem.Calls.Where(call => call != "Completed"));
    }

    [Fact]
    public void An_answer_larger_than_the_reply_buffer_ends_at_the_buffer()
    {
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), Options).Begin();
        foreach (Opcode opcode in (Opcode[])[Opcode.ReadDirectory, Opcode.ReadDirectoryPlus])
        {
            Assert.Equal(Errno.OK, peer.Exchange(
                new KernelRequestBuilder(opcode, NodeId.Root).With(new ReadIn { SizeInBytes = uint.MaxValue })).Error);
        }
        Assert.Equal(Errno.OK, peer.Exchange(
            new KernelRequestBuilder(Opcode.GetXattr, NodeId.Root).With(new GetXattrIn { SizeInBytes = uint.MaxValue })
                .WithName("user.a")).Error);
        Assert.Equal(Errno.OK, peer.Exchange(
            new KernelRequestBuilder(Opcode.Ioctl, NodeId.Root).With(new IoctlIn { OutputSizeInBytes = uint.MaxValue }))
            .Error);
    }

    [Theory, InlineData(20251123)]
    public void Random_bytes_get_one_reply_each_and_do_no_harm(int seed)
    {
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), Options).Begin();
        for (int round = 0; round < 20_000; round++)
        {
            byte[] body = new byte[random.Next(0, 160)];
            random.NextBytes(body);
            for (int zeros = random.Next(0, Math.Min(6, body.Length)); zeros > 0; zeros--)
            {
                body[random.Next(body.Length)] = 0;
            }
            Opcode opcode = (Opcode)random.Next(0, 70);

            // INIT agrees on new terms, and READ of up to 4 GiB of zeros is more than a socket takes.
            if (opcode is Opcode.Init or Opcode.Read) continue;
            KernelRequestBuilder request = new KernelRequestBuilder(opcode, new NodeId((ulong)random.NextInt64()))
                .WithUnique(1000).WithBytes(body);
            if (random.Next(4) == 0) request.WithExtensionLengthInHeader((ushort)random.Next(0, 12));
            peer.Send(request.Build());
            TakeReply(peer, HasReply(opcode));
        }
        Assert.Equal(0UL, peer.Session.ReadCounters().Refused);
    }

    /// <summary>
    /// Takes the reply, if there is to be one, and sees that no other came before that to the next request.
    /// </summary>
    private static Errno? TakeReply(KernelPeer peer, bool hasReply)
    {
        ulong probe = peer.Send(SampleRequest.Of(Opcode.Destroy).ToBuilder());
        KernelReply? reply = null;
        if (hasReply)
        {
            reply = peer.Receive();
            Assert.Equal(1000UL, reply.Header.Unique);
        }
        Assert.Equal(probe, peer.Receive().Header.Unique);
        return reply?.Error;
    }

    private static bool HasReply(Opcode opcode) =>
        opcode is not (Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt or Opcode.NotifyReply);

    private static byte[] Words(params uint[] words) => MemoryMarshal.AsBytes<uint>(words).ToArray();
}
