using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Fuse.Messages;

/// <summary>A cursor over one request, in place: its header, then structure, names and payload in order.</summary>
/// <remarks>
/// The header is checked once, when the cursor is made. The cursor remembers the first thing that was wrong, and what
/// it hands out from then on is empty; so an operation takes all its parts and asks <see cref="Failed"/> once.
/// </remarks>
internal ref struct Request
{
    /// <summary>The header as it was read.</summary>
    public readonly InHeader Header;

    /// <summary>All its bytes, as they were read.</summary>
    public readonly ReadOnlySpan<byte> Message;

    private readonly ReadOnlySpan<byte> extensions;
    private ReadOnlySpan<byte> rest;
    private Errno error;

    private Request(scoped in InHeader header, ReadOnlySpan<byte> bytes)
    {
        Header = header;
        Message = bytes;
        int extensionLength = header.ExtensionLength8 * 8;
        int bodyEnd = bytes.Length - extensionLength;
        if (header.LengthInBytes != bytes.Length || bodyEnd < Unsafe.SizeOf<InHeader>())
        {
            MarkMalformed();
            return;
        }
        rest = bytes[Unsafe.SizeOf<InHeader>()..bodyEnd];
        extensions = bytes[bodyEnd..];
    }

    /// <summary>Whether the request is not what the protocol says it should be.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Bytes not taken yet.</summary>
    public readonly int RemainingLength => rest.Length;

    /// <summary>What the server knows of its opcode.</summary>
    public readonly ref readonly OpcodeTraits Traits => ref Opcodes.TraitsOf(Header.Opcode);

    /// <summary>Whether the kernel sends it again: an earlier server has read it and sent no reply.</summary>
    public readonly bool IsResent => (Header.Unique & InHeader.ResendBit) != 0;

    /// <summary>Takes what was read as a request.</summary>
    /// <returns>False when there is not even a header, so that no reply is possible.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Request request)
    {
        request = default;
        if (!MemoryMarshal.TryRead(bytes, out InHeader header)) return false;
        request = new Request(in header, bytes);
        return true;
    }

    /// <summary>What the header and the extensions say of the caller.</summary>
    public RequestContext ToContext(int worker) => new()
    {
        Worker = worker,
        Opcode = Header.Opcode,
        Unique = Header.Unique & ~InHeader.ResendBit,
        IsResent = IsResent,
        NodeId = Header.NodeId,
        Credentials = new Credentials(Header.UserId, Header.GroupId, Header.ProcessId),
        SupplementaryGroupId = FindSupplementaryGroup(),
    };

    /// <summary>Whether anything taken so far was wrong, and how: EIO for bytes that make no sense.</summary>
    public readonly bool Failed(out Errno failure)
    {
        failure = error;
        return error != Errno.OK;
    }

    /// <summary>The structure behind the header, not taken; zero where the message is too short for it.</summary>
    public readonly T Peek<T>() where T : unmanaged =>
        MemoryMarshal.TryRead(Message[Unsafe.SizeOf<InHeader>()..], out T body) ? body : default;

    /// <summary>Takes a structure.</summary>
    public T Take<T>() where T : unmanaged => TakePrefix<T>(Unsafe.SizeOf<T>());

    /// <summary>
    /// Takes a structure of which only <paramref name="length"/> bytes are sent; what is missing is zero.
    /// </summary>
    public T TakePrefix<T>(int length) where T : unmanaged
    {
        T value = default;
        TakeBytes((uint)length).CopyTo(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Takes a name that ends with NUL; one that no file can have is a failure of its own kind.</summary>
    public FileName TakeName()
    {
        Errno outcome = FileName.TryCreate(TakeText(), out FileName name);
        if (error == Errno.OK) error = outcome;
        return name;
    }

    /// <summary>Takes any bytes that end with NUL, and gives them without it.</summary>
    public ReadOnlySpan<byte> TakeText()
    {
        int length = rest.IndexOf((byte)0);
        if (length < 0)
        {
            MarkMalformed();
            return default;
        }
        ReadOnlySpan<byte> text = rest[..length];
        rest = rest[(length + 1)..];
        return text;
    }

    /// <summary>Takes <paramref name="count"/> bytes.</summary>
    public ReadOnlySpan<byte> TakeBytes(uint count)
    {
        if (count > rest.Length)
        {
            MarkMalformed();
            return default;
        }
        ReadOnlySpan<byte> bytes = rest[..(int)count];
        rest = rest[(int)count..];
        return bytes;
    }

    /// <summary>Takes <paramref name="count"/> structures in a row.</summary>
    public ReadOnlySpan<T> TakeArray<T>(uint count) where T : unmanaged
    {
        ulong length = (ulong)count * (uint)Unsafe.SizeOf<T>();
        return MemoryMarshal.Cast<byte, T>(TakeBytes((uint)Math.Min(length, uint.MaxValue)));
    }

    private uint? FindSupplementaryGroup()
    {
        ReadOnlySpan<byte> remaining = extensions;
        while (!remaining.IsEmpty)
        {
            if (!MemoryMarshal.TryRead(remaining, out ExtensionHeader extension)
                || extension.LengthInBytes < Unsafe.SizeOf<ExtensionHeader>()
                || extension.LengthInBytes > remaining.Length)
            {
                MarkMalformed();
                return null;
            }
            ReadOnlySpan<byte> body = remaining[Unsafe.SizeOf<ExtensionHeader>()..(int)extension.LengthInBytes];
            if (extension.Type == ExtensionHeader.TypeGroups) return FirstGroup(body);
            remaining = remaining[(int)extension.LengthInBytes..];
        }
        return null;
    }

    /// <summary>The first id of a struct fuse_supp_groups: a count, then the ids. The kernel sends one.</summary>
    private uint? FirstGroup(ReadOnlySpan<byte> groups)
    {
        if (!MemoryMarshal.TryRead(groups, out ulong countAndFirst))
        {
            MarkMalformed();
            return null;
        }
        return (uint)countAndFirst == 0 ? null : (uint)(countAndFirst >> 32);
    }

    private void MarkMalformed()
    {
        IsMalformed = true;
        if (error == Errno.OK) error = Errno.EIO;
        rest = default;
    }
}
