using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Fuse.Testing;

/// <summary>A reply or notification, as the kernel would take it.</summary>
public sealed class KernelReply
{
    /// <summary>Takes a message apart; it has to be as long as its header says.</summary>
    public KernelReply(byte[] message)
    {
        Header = MemoryMarshal.Read<OutHeader>(message);
        if (Header.LengthInBytes != message.Length)
        {
            throw new InvalidDataException($"{message.Length} bytes say they are {Header.LengthInBytes}.");
        }
        Body = message[Unsafe.SizeOf<OutHeader>()..];
    }

    /// <summary>How the message begins.</summary>
    public OutHeader Header { get; }

    /// <summary>What follows the header.</summary>
    public byte[] Body { get; }

    /// <summary>The outcome of the request.</summary>
    public Errno Error => (Errno)(-Header.Error);

    /// <summary>A structure <paramref name="offset"/> bytes into the body.</summary>
    public T Read<T>(int offset = 0) where T : unmanaged => MemoryMarshal.Read<T>(Body.AsSpan(offset));
}
