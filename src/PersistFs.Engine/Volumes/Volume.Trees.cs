using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Volumes;

/// <summary>The named trees in the arena, one for each slot of its instance table.</summary>
public sealed partial class Volume
{
    private readonly Tree?[] trees = new Tree?[Layout.InstanceCount];

    /// <summary>The tree that every arena has: format makes it.</summary>
    public Tree DefaultTree { get; }

    /// <summary>Slots of the instance table that hold a tree, in order.</summary>
    public IReadOnlyList<int> TreeSlots =>
        [.. Enumerable.Range(0, Layout.InstanceCount).Where(slot => InstanceTable.IsUsed(space.Arena, slot))];

    /// <summary>The tree in a slot of the instance table: always the same object for a slot.</summary>
    /// <param name="slot">0 to 63.</param>
    /// <exception cref="ArenaException">The slot holds no tree.</exception>
    public Tree OpenTree(int slot)
    {
        bool isUsed = slot is >= 0 and < Layout.InstanceCount
            && (slot == InstanceTable.DefaultSlot || InstanceTable.IsUsed(space.Arena, slot));
        if (!isUsed)
        {
            throw new ArenaException(
                ArenaFault.InvalidArgument, $"There is no tree in slot {slot}.", "Use a slot that holds a tree.");
        }
        lock (trees) return trees[slot] ??= new Tree(this, slot);
    }

    /// <summary>The tree of an inode; of a record that names no tree, the one that repair would move it to.</summary>
    private Tree TreeOf(ContentsWord word) =>
        word.Instance < Layout.InstanceCount && InstanceTable.IsUsed(space.Arena, word.Instance)
            ? OpenTree(word.Instance)
            : DefaultTree;
}
