namespace PersistFs.Engine.Format;

/// <summary>A position in the arena, in bytes from its start; 0 (the superblock) stands for "nowhere".</summary>
internal readonly record struct ArenaPointer(ulong Value)
{
    public static readonly ArenaPointer Null;

    public bool IsNull => Value == 0;

    /// <summary>Index of the frame this position lies in.</summary>
    public uint Frame => (uint)(Value >> Layout.FrameSizeLog2);

    /// <summary>Index of the block within its frame, 0 to 511.</summary>
    public int BlockInFrame => (int)(Value >> Layout.BlockSizeLog2) & (Layout.BlocksPerFrame - 1);

    /// <summary>Bytes from the start of the block this position lies in.</summary>
    public int OffsetInBlock => (int)Value & (Layout.BlockSizeInBytes - 1);

    public static ArenaPointer OfFrame(uint frame) => new((ulong)frame << Layout.FrameSizeLog2);

    public static ArenaPointer OfBlock(uint frame, int block) =>
        new(((ulong)frame << Layout.FrameSizeLog2) + ((ulong)(uint)block << Layout.BlockSizeLog2));

    public static ArenaPointer operator +(ArenaPointer pointer, ulong bytes) => new(pointer.Value + bytes);

    public override string ToString() => $"0x{Value:x}";
}
