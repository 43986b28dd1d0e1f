using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>
/// A reply that lists a directory with its inodes, and how far their lookups have been counted (FORMAT.md, section 6).
/// The reply's bytes follow at <see cref="ReplyOffset"/>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = (int)ReplyOffset)]
internal struct ListingRecord
{
    /// <summary>A <see cref="CompletionState"/>, valid or empty.</summary>
    [FieldOffset(0)] public ulong State;
    [FieldOffset(8)] public ulong Session;
    [FieldOffset(16)] public ulong Request;
    [FieldOffset(24)] public uint InodeCount;
    [FieldOffset(28)] public uint ReplyLengthInBytes;

    /// <summary>How many of <see cref="Inodes"/> have been counted, from the first; journaled.</summary>
    [FieldOffset((int)CountedInodesOffset)] public ulong CountedInodes;
    [FieldOffset(64)] public InodeNumbers Inodes;

    [InlineArray(InodeCountMax)]
    internal struct InodeNumbers
    {
        private ulong number0;
    }

    /// <summary>As many entries as a reply has room for when each name is a byte long.</summary>
    public const int InodeCountMax = 192;
    public const int SizeInBytes = 32 * 1024;
    public const ulong ReplyOffset = 2048;
    public const int ReplyLengthMax = SizeInBytes - (int)ReplyOffset;
    public const ulong CountedInodesOffset = 32;
}
