using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>By which word of an inode something is reached.</summary>
/// <param name="Link">The word; null if it is the contents root of contents that are one object.</param>
/// <param name="Value">What it holds.</param>
/// <param name="Count">Words from there on that hold the same.</param>
internal readonly record struct IncomingLink(ArenaPointer Link, ulong Value, int Count = 1)
{
    /// <summary>What can be done if the way leads to what is not there.</summary>
    public Repair CutFor(InodeNumber inode) => Link.IsNull
        ? Repairs.Record(RepairStage.Pointer, inode, "its contents are lost", RecordRepairs.DropContents)
        : Repairs.Redirect(inode, Link, Value, replacement: 0, Count);
}
