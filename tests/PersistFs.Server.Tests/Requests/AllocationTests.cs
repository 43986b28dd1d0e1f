using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Server.Tests.Requests;

/// <summary>
/// From the request's bytes to the reply's, through dispatcher, file system and engine, nothing is allocated.
/// </summary>
public sealed class AllocationTests
{
    private const int WarmUpRounds = 300;
    private const int Rounds = 300;
    private const int HeaderNodeIdOffset = 16;
    private const int FirstStructureOffset = 40;

    [Fact]
    public void Every_hot_operation_allocates_nothing()
    {
        using InlineServer server = new();
        OneRound round = new(server);
        // The first rounds compile the code and let the arena grow to what a round needs.
        for (int i = 0; i < WarmUpRounds; i++) round.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++) round.Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>The life of a file, a directory and a symbolic link; requests are made once and patched.</summary>
    private sealed class OneRound(InlineServer server)
    {
        private static readonly NodeId Later = new(2);

        private readonly byte[] lookup = KernelRequests.Lookup(NodeId.Root, "file").Build();
        private readonly byte[] create = KernelRequests.Create(NodeId.Root, "file").Build();
        private readonly byte[] writeLittle = KernelRequests.Write(Later, 0, new byte[100]).Build();
        private readonly byte[] writeMuch = KernelRequests.Write(Later, 5000, new byte[30_000]).Build();
        private readonly byte[] read = KernelRequests.Read(Later, 0, 65536).Build();
        private readonly byte[] getAttributes = KernelRequests.GetAttributes(Later).Build();
        private readonly byte[] getStatx = KernelRequests.GetStatx(Later).Build();
        private readonly byte[] setAttributes = KernelRequests.SetAttributes(Later, new SetAttributesIn
        {
            Valid = SetAttributesFlags.Mode | SetAttributesFlags.Size | SetAttributesFlags.ModifyTimeNow
                | SetAttributesFlags.AccessTime,
            Mode = 0x8180,
            SizeInBytes = 20_000,
        }).Build();
        private readonly byte[] allocate = KernelRequests.Allocate(Later, 0, 50_000, AllocateMode.KeepSize).Build();
        private readonly byte[] punch = KernelRequests
            .Allocate(Later, 4096, 8192, AllocateMode.KeepSize | AllocateMode.PunchHole).Build();
        private readonly byte[] seek = KernelRequests.Seek(Later, 0, whence: 4).Build();
        private readonly byte[] setXattr = KernelRequests.SetXattr(Later, "user.colour", "green").Build();
        private readonly byte[] getXattr = KernelRequests.GetXattr(Later, "user.colour", 64).Build();
        private readonly byte[] listXattr = KernelRequests.ListXattr(Later, 256).Build();
        private readonly byte[] getFlags = KernelRequests.Control(Later, 0x80086601, default, 4).Build();
        private readonly byte[] link = KernelRequests.Link(NodeId.Root, Later, "second").Build();
        private readonly byte[] rename = KernelRequests.Rename(NodeId.Root, "second", "third").Build();
        private readonly byte[] readDirectory = KernelRequests
            .Read(NodeId.Root, 0, 4096, Opcode.ReadDirectory).Build();
        private readonly byte[] readDirectoryPlus = KernelRequests
            .Read(NodeId.Root, 0, 4096, Opcode.ReadDirectoryPlus).Build();
        private readonly byte[] unlinkFile = KernelRequests.Unlink(NodeId.Root, "file").Build();
        private readonly byte[] unlinkThird = KernelRequests.Unlink(NodeId.Root, "third").Build();
        private readonly byte[] forget = KernelRequests.Forget(Later, 10).Build();
        private readonly byte[] forgetAll = KernelRequests.ForgetAll(new ForgetOne { NodeId = Later, LookupCount = 1 })
            .Build();
        private readonly byte[] makeDirectory = KernelRequests.MakeDirectory(NodeId.Root, "directory").Build();
        private readonly byte[] removeDirectory = KernelRequests.RemoveDirectory(NodeId.Root, "directory").Build();
        private readonly byte[] symbolicLink = KernelRequests.SymbolicLink(NodeId.Root, "link", "where/to").Build();
        private readonly byte[] readLink = KernelRequests.ReadLink(Later).Build();
        private readonly byte[] unlinkLink = KernelRequests.Unlink(NodeId.Root, "link").Build();
        private readonly byte[] getStatus = KernelRequests.GetFileSystemStatus().Build();

        public void Run()
        {
            Serve(lookup);
            NodeId file = Make(create);
            ServeOn(file, writeLittle);
            ServeOn(file, writeMuch);
            ServeOn(file, read);
            ServeOn(file, getAttributes);
            ServeOn(file, getStatx);
            ServeOn(file, setAttributes);
            ServeOn(file, allocate);
            ServeOn(file, punch);
            ServeOn(file, seek);
            ServeOn(file, setXattr);
            ServeOn(file, getXattr);
            ServeOn(file, listXattr);
            ServeOn(file, getFlags);
            MemoryMarshal.Write(link.AsSpan(FirstStructureOffset), in file);
            Serve(link);
            Serve(rename);
            Serve(readDirectory);
            Serve(readDirectoryPlus);
            Serve(lookup);
            Serve(unlinkFile);
            Serve(unlinkThird);
            TellAbout(file, forget);
            NodeId directory = Make(makeDirectory);
            Serve(removeDirectory);
            MemoryMarshal.Write(forgetAll.AsSpan(FirstStructureOffset + 8), in directory);
            server.Dispatch(forgetAll);
            NodeId symbolic = Make(symbolicLink);
            ServeOn(symbolic, readLink);
            Serve(unlinkLink);
            TellAbout(symbolic, forget);
            Serve(getStatus);
        }

        private NodeId Make(byte[] request)
        {
            Serve(request);
            return server.Last<EntryOut>().NodeId;
        }

        private void ServeOn(NodeId node, byte[] request)
        {
            MemoryMarshal.Write(request.AsSpan(HeaderNodeIdOffset), in node);
            Serve(request);
        }

        private void TellAbout(NodeId node, byte[] request)
        {
            MemoryMarshal.Write(request.AsSpan(HeaderNodeIdOffset), in node);
            server.Dispatch(request);
        }

        private void Serve(byte[] request)
        {
            server.Serve(request);
            if (server.LastError == Errno.OK) return;
            throw new InvalidDataException($"{MemoryMarshal.Read<InHeader>(request).Opcode}: {server.LastError}");
        }
    }
}
