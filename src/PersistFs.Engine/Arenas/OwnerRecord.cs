using System.Text;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Arenas;

/// <summary>
/// The process that has the arena's lock, for the message that the next one gets. The lock decides, not this text.
/// </summary>
internal static class OwnerRecord
{
    /// <summary>Bytes of the record's text.</summary>
    public const int SizeInBytes = 128;

    private const string Unknown = "another process";

    /// <summary>Writes this process's name into the arena.</summary>
    public static void Write(Arena arena)
    {
        Span<byte> text = stackalloc byte[SizeInBytes];
        text.Clear();
        Encoding.ASCII.GetBytes($"process {Environment.ProcessId}", text);
        Store.Bulk(arena.TargetBytes(new ArenaPointer(Layout.OwnerRecordOffset), text.Length), text);
    }

    /// <summary>Reads the record of a file that somebody else has locked.</summary>
    public static string Describe(SafeFileHandle handle)
    {
        try
        {
            Span<byte> text = stackalloc byte[SizeInBytes];
            int length = RandomAccess.Read(handle, text, (long)Layout.OwnerRecordOffset);
            return Describe(text[..length]);
        }
        catch (IOException)
        {
            return Unknown;
        }
    }

    /// <summary>What the bytes of a record say.</summary>
    public static string Describe(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        string owner = Encoding.ASCII.GetString(text[..Math.Max(end, 0)]);
        return owner.All(character => character is >= ' ' and <= '~') && owner.Length > 0 ? owner : Unknown;
    }
}
