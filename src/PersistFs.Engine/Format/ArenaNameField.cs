using System.Runtime.CompilerServices;
using System.Text;

namespace PersistFs.Engine.Format;

/// <summary>The name of an arena that has no path (FORMAT.md, section 3).</summary>
[InlineArray(SizeInBytes)]
internal struct ArenaNameField
{
    public const int SizeInBytes = 64;

    private byte first;

    /// <summary>The field of a name of at most 63 bytes of ASCII.</summary>
    public static ArenaNameField Of(string name)
    {
        ArenaNameField field = default;
        Encoding.ASCII.GetBytes(name, (Span<byte>)field);
        return field;
    }

    public override readonly string ToString()
    {
        ReadOnlySpan<byte> bytes = this;
        int end = bytes.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
