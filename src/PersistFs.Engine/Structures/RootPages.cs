using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Structures;

/// <summary>The two root pages: the good one with the higher generation counts, the other is written next.</summary>
internal static class RootPages
{
    /// <exception cref="ArenaCorruptException">Neither page is good.</exception>
    public static RootPage Read(Arena arena) => Choose(in At(arena, 0), in At(arena, 1));

    /// <summary>Of the two pages the one in force.</summary>
    /// <exception cref="ArenaCorruptException">Neither page is good.</exception>
    public static RootPage Choose(in RootPage first, in RootPage second)
    {
        bool isFirstGood = IsGood(in first);
        bool isSecondGood = IsGood(in second);
        if (!isFirstGood && !isSecondGood) throw new ArenaCorruptException("Neither root page has a good checksum.");
        return isFirstGood && (!isSecondGood || first.Generation > second.Generation) ? first : second;
    }

    /// <summary>Writes the next generation of <paramref name="root"/> over the page that does not count now.</summary>
    public static void Write(Arena arena, RootPage root)
    {
        bool isFirstInForce = IsGood(in At(arena, 0)) && At(arena, 0).Generation == root.Generation;
        root.Generation++;
        root.WrittenAt = Libc.FileTimeNow();
        root.Checksum = Checksum.Of(in root);
        Store.BulkStructure(ref arena.Target<RootPage>(PointerTo(isFirstInForce ? 1 : 0)), in root);
    }

    public static bool IsGood(in RootPage page) => page.Generation != 0 && page.Checksum == Checksum.Of(in page);

    public static ref readonly RootPage At(Arena arena, int index) => ref arena.At<RootPage>(PointerTo(index));

    private static ArenaPointer PointerTo(int index) =>
        new(Layout.RootPageOffset + (ulong)index * Layout.BlockSizeInBytes);
}
