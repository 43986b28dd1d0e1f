using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Fuse.Testing;

/// <summary>Builds requests as the kernel sends them, and such as it never would.</summary>
public sealed class KernelRequestBuilder(Opcode opcode, NodeId nodeId)
{
    private readonly List<byte> body = [];
    private readonly List<byte> extensions = [];
    private Credentials credentials = new(1000, 1001, 1002);
    private ulong unique;
    private uint? length;
    private ushort? extensionLength8;

    /// <summary>What is asked for.</summary>
    public Opcode Opcode => opcode;

    /// <summary>The request's number.</summary>
    public KernelRequestBuilder WithUnique(ulong value)
    {
        unique = value;
        return this;
    }

    /// <summary>The caller; 1000, 1001, 1002 unless told otherwise.</summary>
    public KernelRequestBuilder From(Credentials value)
    {
        credentials = value;
        return this;
    }

    /// <summary>A structure.</summary>
    public KernelRequestBuilder With<T>(T value) where T : unmanaged =>
        WithBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>A name and its NUL.</summary>
    public KernelRequestBuilder WithName(string name) => WithBytes(Encoding.UTF8.GetBytes(name)).WithBytes([0]);

    /// <summary>Bytes as they are.</summary>
    public KernelRequestBuilder WithBytes(ReadOnlySpan<byte> bytes)
    {
        body.AddRange(bytes);
        return this;
    }

    /// <summary>FUSE_EXT_GROUPS with one group, as CREATE_SUPP_GROUP has it.</summary>
    public KernelRequestBuilder WithSupplementaryGroup(uint groupId)
    {
        ExtensionHeader header = new() { LengthInBytes = 16, Type = ExtensionHeader.TypeGroups };
        return WithExtension(MemoryMarshal.AsBytes(new ReadOnlySpan<ExtensionHeader>(in header)))
            .WithExtension(MemoryMarshal.AsBytes<uint>([1, groupId]));
    }

    /// <summary>Bytes of an extension as they are.</summary>
    public KernelRequestBuilder WithExtension(ReadOnlySpan<byte> bytes)
    {
        extensions.AddRange(bytes);
        return this;
    }

    /// <summary>A header that tells a length which is not that of the request.</summary>
    public KernelRequestBuilder WithLengthInHeader(uint value)
    {
        length = value;
        return this;
    }

    /// <summary>A header that tells a length of extensions which is not theirs, in units of 8 bytes.</summary>
    public KernelRequestBuilder WithExtensionLengthInHeader(ushort value)
    {
        extensionLength8 = value;
        return this;
    }

    /// <summary>The request's bytes.</summary>
    public byte[] Build()
    {
        int total = Unsafe.SizeOf<InHeader>() + body.Count + extensions.Count;
        byte[] bytes = new byte[total];
        MemoryMarshal.Write(bytes, new InHeader
        {
            LengthInBytes = length ?? (uint)total,
            Opcode = opcode,
            Unique = unique,
            NodeId = nodeId,
            UserId = credentials.UserId,
            GroupId = credentials.GroupId,
            ProcessId = credentials.ProcessId,
            ExtensionLength8 = extensionLength8 ?? (ushort)(extensions.Count / 8),
        });
        body.CopyTo(bytes, Unsafe.SizeOf<InHeader>());
        extensions.CopyTo(bytes, Unsafe.SizeOf<InHeader>() + body.Count);
        return bytes;
    }
}
