using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>Between a request and its reply nothing is allocated.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 500;

    [Fact]
    public void A_worker_allocates_nothing_per_request()
    {
        QuietFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(
            fileSystem, new SessionOptions { WorkerCount = 1, NoOpen = false, PagesMax = 16 }).Begin();
        Opcode[] opcodes =
        [
            Opcode.Lookup, Opcode.GetAttributes, Opcode.SetAttributes, Opcode.Statx, Opcode.Create, Opcode.Unlink,
            Opcode.MakeDirectory, Opcode.Rename2, Opcode.Open, Opcode.Release, Opcode.Read, Opcode.Write,
            Opcode.ReadDirectory, Opcode.ReadDirectoryPlus, Opcode.StatFs, Opcode.GetXattr, Opcode.SetXattr,
            Opcode.Forget, Opcode.BatchForget,
        ];

        // Twice: what the first run allocates is for good.
        for (int run = 0; run < 2; run++)
        {
            Serve(peer, SampleRequest.Of(Opcode.Destroy));
            for (int round = 0; round < Rounds; round++)
            {
                foreach (Opcode opcode in opcodes) Serve(peer, SampleRequest.Of(opcode));
            }
            Serve(peer, SampleRequest.Of(Opcode.Destroy));
        }

        Assert.Equal(4, fileSystem.Allocated.Count);
        Assert.Equal(0, fileSystem.Allocated[3] - fileSystem.Allocated[2]);
    }

    private static void Serve(KernelPeer peer, SampleRequest sample)
    {
        if (sample.Opcode is Opcode.Forget or Opcode.BatchForget) peer.Send(sample.ToBuilder());
        else Assert.Equal(Errno.OK, peer.Exchange(sample.ToBuilder()).Error);
    }

    /// <summary>Answers everything with OK, and at DESTROY notes what its thread has allocated.</summary>
    private sealed class QuietFileSystem : IFileSystem
    {
        public List<long> Allocated { get; } = new(capacity: 8);

        public void Initialize(Negotiated negotiated)
        {
        }

        public Errno Admit(in RequestContext context)
        {
            if (context.Opcode == Opcode.Destroy) Allocated.Add(GC.GetAllocatedBytesForCurrentThread());
            return Errno.OK;
        }

        public Errno Lookup(in RequestContext context, FileName name, ref EntryOut entry) => Errno.OK;

        public void Forget(in RequestContext context, ReadOnlySpan<ForgetOne> forgotten)
        {
        }

        public Errno GetAttributes(
            in RequestContext context, in GetAttributesIn request, ref NodeAttributes attributes) => Errno.OK;

        public Errno SetAttributes(
            in RequestContext context, in SetAttributesIn request, ref NodeAttributes attributes) => Errno.OK;

        public Errno GetStatx(in RequestContext context, in StatxIn request, ref Statx status) => Errno.OK;

        public Errno MakeDirectory(in RequestContext context, FileName name, uint mode, ref EntryOut entry) => Errno.OK;

        public Errno Create(
            in RequestContext context, FileName name, in CreateIn request, ref EntryOut entry, ref OpenOut opened) =>
            Errno.OK;

        public Errno Unlink(in RequestContext context, FileName name) => Errno.OK;

        public Errno Rename(
            in RequestContext context, FileName name, NodeId newParent, FileName newName, RenameFlags flags) =>
            Errno.OK;

        public Errno Open(in RequestContext context, in OpenIn request, ref OpenOut opened) => Errno.OK;

        public Errno Read(in RequestContext context, in ReadIn request, ref IoVectorWriter segments)
        {
            segments.AddZeros(request.SizeInBytes);
            return Errno.OK;
        }

        public Errno Write(in RequestContext context, in WriteIn request, ReadOnlySpan<byte> data, out uint written)
        {
            written = request.SizeInBytes;
            return Errno.OK;
        }

        public Errno ReadDirectory(in RequestContext context, in ReadIn request, ref DirectoryWriter entries)
        {
            EntryOut entry = default;
            while (entries.TryAdd(in entry, "name"u8, 1))
            {
            }
            return Errno.OK;
        }

        public Errno GetFileSystemStatus(in RequestContext context, ref StatFsOut status) => Errno.OK;

        public Errno GetXattr(in RequestContext context, ReadOnlySpan<byte> name, Span<byte> value, out int length)
        {
            length = value.Length;
            return Errno.OK;
        }

        public Errno SetXattr(
            in RequestContext context, in SetXattrIn request, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
            Errno.OK;
    }
}
