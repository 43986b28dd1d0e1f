using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>The generation now in force: session and openings (FORMAT.md, section 4).</summary>
[StructLayout(LayoutKind.Explicit, Size = Layout.BlockSizeInBytes)]
internal struct RootPage
{
    [FieldOffset(0)] public ulong Generation;

    /// <summary>Number of the session begun last in this arena; each instance records its own.</summary>
    [FieldOffset(8)] public ulong SessionLast;
    [FieldOffset(16)] public ulong Flags;
    [FieldOffset(24)] public ulong TimesOpened;

    /// <summary>Nanoseconds since 1970.</summary>
    [FieldOffset(32)] public long WrittenAt;
    /// <summary>Of all bytes before it; stored last.</summary>
    [FieldOffset(4088)] public ulong Checksum;

    /// <summary>The session ended by an unmount, not by a death.</summary>
    public const ulong FlagEndedByUnmount = 1;
}
