using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>One named tree in the arena (FORMAT.md, section 5).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct InstanceRecord
{
    public const int SizeInBytes = 256;
    public const int NameLengthMax = 128;

    /// <summary>Inode number of the tree's root; 0 marks an empty slot.</summary>
    [FieldOffset(0)] public ulong RootInode;
    [FieldOffset(8)] public ulong BytesMax;
    [FieldOffset(16)] public ulong BytesReserved;

    /// <summary>Inodes at most; 0 for no limit.</summary>
    [FieldOffset(24)] public ulong InodeCountMax;
    [FieldOffset(32)] public UInt128 Uuid;

    /// <summary>The FUSE connection that serves or last served this tree; lookup counts carry it.</summary>
    [FieldOffset(48)] public ulong Session;

    /// <summary>Servers that have taken this session over from another.</summary>
    [FieldOffset(56)] public ulong TakeOvers;
    [FieldOffset(64)] public UInt128 BootId;

    /// <summary>
    /// Number of the FUSE connection among those of that kernel: the minor device number of the mount; 0 while it is
    /// not known.
    /// </summary>
    [FieldOffset(80)] public ulong Connection;

    /// <summary>What was agreed on with the kernel; all zero until it was. Its meaning is the server's.</summary>
    [FieldOffset(88)] public TermsBytes Terms;
    [FieldOffset(128)] public NameBytes Name;

    public const int TermsLength = 40;

    [InlineArray(TermsLength)]
    internal struct TermsBytes
    {
        private byte byte0;
    }

    [InlineArray(NameLengthMax)]
    internal struct NameBytes
    {
        private byte byte0;
    }
}
