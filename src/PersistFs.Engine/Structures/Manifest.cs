using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>
/// What an arena says of itself to a server that finds it after a boot: entries of a type, a length and a value.
/// </summary>
internal static class Manifest
{
    private const int Alignment = 8;

    /// <summary>The most bytes of one value, when it is the only one.</summary>
    public const int ValueLengthMax =
        Layout.ManifestSizeInBytes - ManifestHeader.SizeInBytes - ManifestEntry.SizeInBytes;

    /// <summary>Puts one entry in the place of all there were. A kill leaves the old, the new or none.</summary>
    public static void Write(Arena arena, uint type, ReadOnlySpan<byte> value)
    {
        byte[] entries = new byte[Round(ManifestEntry.SizeInBytes + value.Length)];
        ManifestEntry head = new() { Type = type, LengthInBytes = (uint)value.Length };
        MemoryMarshal.Write(entries, in head);
        value.CopyTo(entries.AsSpan(ManifestEntry.SizeInBytes));
        ref ManifestHeader header = ref arena.Target<ManifestHeader>(new ArenaPointer(Layout.ManifestOffset));
        ReadOnlySpan<byte> there = arena.Bytes(
            new ArenaPointer(Layout.ManifestOffset + ManifestHeader.SizeInBytes), entries.Length);
        if (header.LengthInBytes == (ulong)entries.Length && there.SequenceEqual(entries)) return;
        Store.Word(ref header.LengthInBytes, 0UL);
        Store.Bulk(MemoryMarshal.CreateSpan(ref Unsafe.AsRef(in there[0]), there.Length), entries);
        Store.Word(ref header.Checksum, SipHash.Compute(0, 0, entries));
        Store.Word(ref header.LengthInBytes, (ulong)entries.Length);
    }

    /// <summary>
    /// The value of the first entry of a type; null if there is none, or no manifest that can be read.
    /// </summary>
    /// <param name="manifest">All <see cref="Layout.ManifestSizeInBytes"/> bytes of it, from anywhere.</param>
    /// <param name="type">Which.</param>
    public static byte[]? Find(ReadOnlySpan<byte> manifest, uint type)
    {
        ManifestHeader header = MemoryMarshal.Read<ManifestHeader>(manifest);
        int room = manifest.Length - ManifestHeader.SizeInBytes;
        if (header.LengthInBytes == 0 || header.LengthInBytes > (ulong)room) return null;
        ReadOnlySpan<byte> rest = manifest.Slice(ManifestHeader.SizeInBytes, (int)header.LengthInBytes);
        if (SipHash.Compute(0, 0, rest) != header.Checksum) return null;
        while (MemoryMarshal.TryRead(rest, out ManifestEntry entry))
        {
            rest = rest[ManifestEntry.SizeInBytes..];
            if (entry.LengthInBytes > rest.Length) return null;
            if (entry.Type == type) return rest[..(int)entry.LengthInBytes].ToArray();
            rest = rest[Math.Min(Round((int)entry.LengthInBytes), rest.Length)..];
        }
        return null;
    }

    private static int Round(int length) => (length + Alignment - 1) & ~(Alignment - 1);
}
