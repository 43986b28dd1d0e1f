namespace PersistFs.Engine.Format;

/// <summary>How many references the kernel holds on an inode, and in which session (FORMAT.md, section 7).</summary>
internal readonly record struct LookupWord(ulong Value)
{
    private const int SessionShift = 40;
    private const ulong CountMask = (1UL << SessionShift) - 1;

    /// <summary>The highest count; one that reaches it stays there.</summary>
    public const ulong CountMax = CountMask;

    public LookupWord(ulong count, uint session)
        : this(count & CountMask | (ulong)session << SessionShift)
    {
    }

    /// <summary>The count as the session sees it that left it.</summary>
    public ulong Count => Value & CountMask;

    /// <summary>The session that left it.</summary>
    public uint Session => (uint)(Value >> SessionShift);

    /// <summary>The count as <paramref name="session"/> sees it: 0 if another session left it.</summary>
    public ulong CountIn(uint session) => Session == session ? Count : 0;
}
