using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Testing;

namespace PersistFs.Server.Tests.Requests;

/// <summary>The requests of the tests, as the kernel would send them.</summary>
internal static class KernelRequests
{
    public static KernelRequestBuilder Lookup(NodeId parent, string name) =>
        new KernelRequestBuilder(Opcode.Lookup, parent)
        .WithName(name);

    /// <summary>What open(2) with O_CREAT asks for where nothing is opened.</summary>
    public static KernelRequestBuilder Create(NodeId parent, string name, uint mode = 0x81A4, uint umask = 0x12) =>
        new KernelRequestBuilder(Opcode.MakeNode, parent).With(new MakeNodeIn { Mode = mode, Umask = umask })
            .WithName(name);

    public static KernelRequestBuilder MakeTemporaryFile(NodeId directory) =>
        new KernelRequestBuilder(Opcode.TemporaryFile, directory).With(new CreateIn { Mode = 0x8180 }).WithName("/");

    public static KernelRequestBuilder MakeNode(NodeId parent, string name) =>
        new KernelRequestBuilder(Opcode.MakeNode, parent).With(new MakeNodeIn { Mode = 0x61B6, Device = 0x801 })
            .WithName(name);

    public static KernelRequestBuilder MakeDirectory(NodeId parent, string name) =>
        new KernelRequestBuilder(Opcode.MakeDirectory, parent).With(new MakeDirectoryIn { Mode = 0x1ED })
            .WithName(name);

    public static KernelRequestBuilder SymbolicLink(NodeId parent, string name, string target) =>
        new KernelRequestBuilder(Opcode.SymbolicLink, parent).WithName(name).WithName(target);

    public static KernelRequestBuilder ReadLink(NodeId node) => new(Opcode.ReadLink, node);

    public static KernelRequestBuilder Link(NodeId parent, NodeId target, string name) =>
        new KernelRequestBuilder(Opcode.Link, parent).With(new LinkIn { Target = target }).WithName(name);

    public static KernelRequestBuilder Rename(NodeId parent, string name, string newName) =>
        new KernelRequestBuilder(Opcode.Rename2, parent).With(new Rename2In { NewParent = parent })
            .WithName(name).WithName(newName);

    public static KernelRequestBuilder Unlink(NodeId parent, string name) =>
        new KernelRequestBuilder(Opcode.Unlink, parent).WithName(name);

    public static KernelRequestBuilder RemoveDirectory(NodeId parent, string name) =>
        new KernelRequestBuilder(Opcode.RemoveDirectory, parent).WithName(name);

    public static KernelRequestBuilder Forget(NodeId node, ulong count) =>
        new KernelRequestBuilder(Opcode.Forget, node).With(new ForgetIn { LookupCount = count });

    public static KernelRequestBuilder ForgetAll(params ReadOnlySpan<ForgetOne> all)
    {
        KernelRequestBuilder request = new KernelRequestBuilder(Opcode.BatchForget, NodeId.None)
            .With(new BatchForgetIn { Count = (uint)all.Length });
        foreach (ForgetOne one in all) request.With(one);
        return request;
    }

    public static KernelRequestBuilder GetAttributes(NodeId node) =>
        new KernelRequestBuilder(Opcode.GetAttributes, node).With(default(GetAttributesIn));

    public static KernelRequestBuilder SetAttributes(NodeId node, SetAttributesIn change) =>
        new KernelRequestBuilder(Opcode.SetAttributes, node).With(change);

    public static KernelRequestBuilder GetStatx(NodeId node) =>
        new KernelRequestBuilder(Opcode.Statx, node).With(new StatxIn { Mask = 0xFFF });

    public static KernelRequestBuilder Write(NodeId node, ulong offset, ReadOnlySpan<byte> data) =>
        new KernelRequestBuilder(Opcode.Write, node)
            .With(new WriteIn { Offset = offset, SizeInBytes = (uint)data.Length }).WithBytes(data);

    public static KernelRequestBuilder Read(NodeId node, ulong offset, uint size, Opcode opcode = Opcode.Read) =>
        new KernelRequestBuilder(opcode, node).With(new ReadIn { Offset = offset, SizeInBytes = size });

    public static KernelRequestBuilder Allocate(NodeId node, ulong offset, ulong length, AllocateMode mode) =>
        new KernelRequestBuilder(Opcode.Allocate, node)
            .With(new AllocateIn { Offset = offset, LengthInBytes = length, Mode = mode });

    public static KernelRequestBuilder Seek(NodeId node, ulong offset, uint whence) =>
        new KernelRequestBuilder(Opcode.Seek, node).With(new SeekIn { Offset = offset, Whence = whence });

    public static KernelRequestBuilder SetXattr(NodeId node, string name, string value) =>
        new KernelRequestBuilder(Opcode.SetXattr, node).With(new SetXattrIn { SizeInBytes = (uint)value.Length })
            .WithName(name).WithBytes(System.Text.Encoding.ASCII.GetBytes(value));

    public static KernelRequestBuilder GetXattr(NodeId node, string name, uint size) =>
        new KernelRequestBuilder(Opcode.GetXattr, node).With(new GetXattrIn { SizeInBytes = size }).WithName(name);

    public static KernelRequestBuilder ListXattr(NodeId node, uint size) =>
        new KernelRequestBuilder(Opcode.ListXattr, node).With(new GetXattrIn { SizeInBytes = size });

    public static KernelRequestBuilder Control(NodeId node, uint command, ReadOnlySpan<byte> input, uint outputSize) =>
        new KernelRequestBuilder(Opcode.Ioctl, node)
            .With(new IoctlIn
            {
                Command = command,
                InputSizeInBytes = (uint)input.Length,
                OutputSizeInBytes = outputSize,
            })
            .WithBytes(input);

    public static KernelRequestBuilder GetFileSystemStatus() => new(Opcode.StatFs, NodeId.Root);

    public static KernelRequestBuilder Synchronize(NodeId node) =>
        new KernelRequestBuilder(Opcode.Synchronize, node).With(default(SynchronizeIn));
}
