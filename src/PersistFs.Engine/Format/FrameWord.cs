namespace PersistFs.Engine.Format;

/// <summary>The state word of a frame descriptor, taken apart (FORMAT.md, section 2).</summary>
internal readonly record struct FrameWord(ulong Value)
{
    private const ulong ZeroedFlag = 1UL << 16;

    public FrameWord(FrameState state, FrameType type = FrameType.None, bool zeroed = false)
        : this((ulong)state | (ulong)type << 8 | (zeroed ? ZeroedFlag : 0))
    {
    }

    public FrameState State => (FrameState)(byte)Value;

    public FrameType Type => (FrameType)(byte)(Value >> 8);

    /// <summary>Whether every byte of this free frame is zero.</summary>
    public bool IsZeroed => (Value & ZeroedFlag) != 0;

    public bool IsUsed(FrameType type) => State == FrameState.Used && Type == type;
}
