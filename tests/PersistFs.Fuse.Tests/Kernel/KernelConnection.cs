using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Mounts;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Kernel;

/// <summary>
/// A mount of this machine's kernel, and its descriptor, held while servers come and go: sessions, and a dead server
/// that is played by hand.
/// </summary>
internal sealed class KernelConnection : IDisposable
{
    private const int PatienceInMilliseconds = 20_000;

    private readonly NativeBuffers buffers = new();
    private readonly List<Session> sessions = [];
    private int workersOfTheDead = 100;

    /// <summary>Opens the device; there is no connection yet.</summary>
    public KernelConnection()
    {
        Target = Directory.CreateTempSubdirectory("persistfs-fuse-").FullName;
        Channel = new Channel(Mount.OpenDevice());
    }

    /// <summary>The mount point.</summary>
    public string Target { get; }

    /// <summary>The connection.</summary>
    public Channel Channel { get; }

    /// <summary>The path of a name in the root directory.</summary>
    public string this[string name] => Path.Combine(Target, name);

    /// <summary>Mounts; INIT is not answered.</summary>
    public KernelConnection Begin()
    {
        FuseMountOptions options = new() { Target = Target, Source = "test", DefaultPermissions = false };
        Mount.Attach(Channel.Descriptor, options);
        return this;
    }

    /// <summary>A session that has not started.</summary>
    public Session NewSession(IFileSystem fileSystem, int workerCount, Negotiated? inherited = null)
    {
        // ACLs would have the kernel check permissions, with a GETATTR before what the test waits for.
        SessionOptions options = new() { WorkerCount = workerCount, PagesMax = 1, PosixAcl = false };
        sessions.Add(new Session(Channel, fileSystem, options, buffers, inherited));
        return sessions[^1];
    }

    /// <summary>Reads one request as a server that dies over it: it is never answered.</summary>
    public (InHeader Header, RequestInHand InHand) Take()
    {
        int worker = workersOfTheDead++;
        IoVector memory = buffers.Provide(worker, RequestThread.RequestLength(maxWriteInBytes: 4096));
        WaitForRequest();
        Assert.Equal(Errno.OK, Channel.Read(memory.AsSpan(), out _));
        return (MemoryMarshal.Read<InHeader>(memory.AsSpan()), new RequestInHand(worker, memory));
    }

    /// <summary>Reads one request, which has to be of this kind.</summary>
    public RequestInHand Take(Opcode opcode)
    {
        (InHeader header, RequestInHand inHand) = Take();
        Assert.Equal(opcode, header.Opcode);
        return inHand;
    }

    /// <summary>Answers a request that was taken, with an error or OK and nothing else.</summary>
    public void Answer(InHeader header, Errno answer)
    {
        OutHeader reply = new() { LengthInBytes = 16, Error = -(int)answer, Unique = header.Unique };
        Assert.Equal(Errno.OK, Channel.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<OutHeader>(in reply))));
    }

    /// <summary>Waits until a request can be read.</summary>
    public void WaitForRequest()
    {
        PollDescriptor waiting = new(Channel.Descriptor, PollEvents.Readable);
        Assert.Equal(
            Errno.OK, Libc.Poll(new Span<PollDescriptor>(ref waiting), PatienceInMilliseconds, out int ready));
        Assert.Equal(1, ready);
    }

    /// <summary>Ends the connection, whatever waits in it.</summary>
    public void Abort() => _ = Libc.Unmount(Target, UnmountFlags.Force | UnmountFlags.Detach);

    public void Dispose()
    {
        Abort();
        foreach (Session session in sessions) session.Stop();
        Channel.Dispose();
        buffers.Dispose();
        Directory.Delete(Target);
    }
}
