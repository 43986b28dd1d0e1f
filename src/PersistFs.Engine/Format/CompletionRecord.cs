using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>What became of one request, committed together with what it changed (FORMAT.md, section 6).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct CompletionRecord
{
    public const int SizeInBytes = 256;

    /// <summary>
    /// A <see cref="CompletionState"/>; stored last, and alone decides whether the rest means anything.
    /// </summary>
    [FieldOffset(0)] public ulong State;

    /// <summary>The session whose request it was; of any other session the record is free.</summary>
    [FieldOffset(8)] public ulong Session;

    /// <summary>The request's number in its session, never 0.</summary>
    [FieldOffset(16)] public ulong Request;

    /// <summary>The inode that the request found or made, 0 for none.</summary>
    [FieldOffset(24)] public ulong Inode;

    /// <summary>That inode's record, as it was when the request was completed.</summary>
    [FieldOffset(128)] public InodeRecord Snapshot;
}
