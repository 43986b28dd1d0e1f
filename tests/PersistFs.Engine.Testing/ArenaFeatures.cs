using System.Runtime.InteropServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Testing;

/// <summary>Turns features of an arena's format on and off, as a later version that knows them would.</summary>
public static class ArenaFeatures
{
    /// <summary>Stores the incompatible features in both superblocks; a server has read its own.</summary>
    public static void Set(string arena, ulong incompatible)
    {
        using FileStream file = File.Open(arena, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        foreach (ulong position in (ulong[])[0, Layout.SuperblockCopyOffset])
        {
            Superblock superblock = default;
            Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Superblock>(ref superblock));
            file.Position = (long)position;
            file.ReadExactly(bytes);
            superblock.FeaturesIncompatible = incompatible;
            superblock.Checksum = Checksum.Of(in superblock);
            file.Position = (long)position;
            file.Write(bytes);
        }

        file.Flush();
    }
}
