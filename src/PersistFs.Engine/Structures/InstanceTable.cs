using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>The table of named trees in the arena (FORMAT.md, section 5).</summary>
internal static class InstanceTable
{
    /// <summary>Slot of the tree that format makes.</summary>
    public const int DefaultSlot = 0;

    /// <summary>Record of the tree in a slot; its root is 0 where there is none.</summary>
    /// <param name="arena">The arena.</param>
    /// <param name="slot">0 to 63.</param>
    public static ref readonly InstanceRecord At(Arena arena, int slot) =>
        ref arena.At<InstanceRecord>(Layout.InstanceAt(slot));

    /// <summary>Whether a slot holds a tree.</summary>
    public static bool IsUsed(Arena arena, int slot) => At(arena, slot).RootInode != 0;
}
