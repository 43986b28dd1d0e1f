using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Descriptors;

/// <summary>Open files travel over AF_UNIX sockets.</summary>
public sealed class DescriptorPassingTests : IDisposable
{
    private readonly int ours;
    private readonly int theirs;

    public DescriptorPassingTests() =>
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.SequencedPacket, out ours, out theirs));

    public void Dispose()
    {
        _ = Libc.Close(ours);
        _ = Libc.Close(theirs);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(DescriptorPassing.CountMax)]
    public void Payload_and_descriptors_arrive(int count)
    {
        Assert.Equal(Errno.OK, Libc.Open("/dev/zero", OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int zero));
        int[] sent = [.. Enumerable.Repeat(zero, count)];
        Assert.Equal(Errno.OK, DescriptorPassing.Send(ours, "payload"u8, sent));

        byte[] payload = new byte[64];
        int[] taken = new int[DescriptorPassing.CountMax];
        Assert.Equal(Errno.OK, DescriptorPassing.Receive(theirs, payload, taken, out int length, out int takenCount));

        Assert.Equal("payload"u8, payload.AsSpan(0, length));
        Assert.Equal(count, takenCount);
        foreach (int descriptor in taken.AsSpan(0, takenCount))
        {
            Assert.NotEqual(zero, descriptor);
            Assert.Equal("/dev/zero", new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget);
            Assert.Equal(Errno.OK, Libc.Close(descriptor));
        }
        _ = Libc.Close(zero);
    }

    [Fact]
    public void Descriptors_without_room_are_closed()
    {
        Assert.Equal(Errno.OK, Libc.Open("/dev/zero", OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int zero));
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.Stream, out int near, out int far));
        Assert.Equal(Errno.OK, DescriptorPassing.Send(ours, "x"u8, [zero, far]));
        _ = Libc.Close(far);

        int[] taken = new int[1];
        Errno error = DescriptorPassing.Receive(theirs, new byte[1], taken, out _, out int count);

        // The other end of the pair is gone with its last descriptor: reading says so instead of waiting.
        Assert.Equal((Errno.EMSGSIZE, 1), (error, count));
        Assert.Equal((Errno.OK, 0), (Libc.Read(near, new byte[1], out int read), read));
        foreach (int descriptor in (int[])[taken[0], near, zero]) _ = Libc.Close(descriptor);
    }

    [Fact]
    public void A_datagram_reaches_an_abstract_address()
    {
        string name = $"persistfs-test-{Guid.NewGuid():n}";
        using System.Net.Sockets.Socket receiver = new(
            System.Net.Sockets.AddressFamily.Unix,
            System.Net.Sockets.SocketType.Dgram,
            System.Net.Sockets.ProtocolType.Unspecified);
        receiver.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint("\0" + name));
        Assert.Equal(Errno.OK, Libc.Socket(UnixSocketKind.Datagram, out int sender));

        byte[] address = System.Text.Encoding.UTF8.GetBytes("@" + name);
        Assert.Equal(Errno.OK, DescriptorPassing.SendTo(sender, address, "READY=1"u8, []));

        byte[] payload = new byte[64];
        Assert.Equal("READY=1"u8, payload.AsSpan(0, receiver.Receive(payload)));
        _ = Libc.Close(sender);
    }

    [Fact]
    public void What_cannot_be_sent_is_EINVAL()
    {
        Assert.Equal(Errno.EINVAL, DescriptorPassing.Send(ours, [], []));
        Assert.Equal(Errno.EINVAL, DescriptorPassing.Send(ours, "x"u8, new int[DescriptorPassing.CountMax + 1]));
        Assert.Equal(Errno.EINVAL, DescriptorPassing.SendTo(ours, new byte[108], "x"u8, []));
    }

    [Fact]
    public void A_closed_peer_is_an_empty_message()
    {
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.SequencedPacket, out int near, out int far));
        _ = Libc.Close(far);

        Assert.Equal(Errno.OK, DescriptorPassing.Receive(near, new byte[8], new int[1], out int length, out int count));
        Assert.Equal((0, 0), (length, count));
        _ = Libc.Close(near);
    }
}
