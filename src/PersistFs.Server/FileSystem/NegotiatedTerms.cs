using System.Buffers.Binary;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;

namespace PersistFs.Server.FileSystem;

/// <summary>What was agreed on at INIT, as the arena keeps it for the server that takes the session over.</summary>
/// <remarks>
/// Little-endian: revision (4 bytes), the most bytes of a WRITE (4), flags (8), read-ahead (4), pages of a request
/// (2), background requests (2), congestion threshold (2); at 32 a 1, which says that the rest is there.
/// </remarks>
internal static class NegotiatedTerms
{
    private const int PresentOffset = 32;

    /// <summary>Keeps <paramref name="terms"/> in the arena.</summary>
    public static void Store(Tree tree, Negotiated terms)
    {
        Span<byte> bytes = stackalloc byte[Tree.SessionTermsLength];
        bytes.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, terms.Minor);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], terms.MaxWriteInBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (ulong)terms.Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], terms.MaxReadaheadInBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[20..], terms.PagesMax);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[22..], terms.MaxBackground);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[24..], terms.CongestionThreshold);
        bytes[PresentOffset] = 1;
        tree.StoreTerms(bytes);
    }

    /// <summary>What the arena has; null when nothing was agreed on.</summary>
    public static Negotiated? Read(Tree tree)
    {
        Span<byte> bytes = stackalloc byte[Tree.SessionTermsLength];
        if (!tree.TryReadTerms(bytes)) return null;
        return new Negotiated(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            (InitFlags)BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[22..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[24..]));
    }
}
