using PersistFs.Engine.Format;

namespace PersistFs.Engine.Checks;

/// <summary>The findings of one check: the first ones are kept, all are counted.</summary>
internal sealed class FindingList
{
    /// <summary>An arena that is damaged all over must not fill the memory with messages.</summary>
    private const int KeptMax = 10_000;

    private readonly List<Finding> kept = [];

    public long Count { get; private set; }

    public IReadOnlyList<Finding> Kept => kept;

    public void Add(FindingKind kind, string message) => Add(kind, InodeNumber.None, ArenaPointer.Null, message);

    public void Add(FindingKind kind, ArenaPointer position, string message) => Add(kind, InodeNumber.None, position, message);

    /// <summary>A finding about an inode; the message names it first.</summary>
    public void Add(FindingKind kind, InodeNumber inode, string message) =>
        Add(kind, inode, inode.Record, $"Inode {inode}: {message}");

    /// <summary>A finding about something that belongs to an inode and lies elsewhere.</summary>
    public void AddAt(FindingKind kind, InodeNumber inode, ArenaPointer position, string message) =>
        Add(kind, inode, position, $"Inode {inode}: {message}");

    private void Add(FindingKind kind, InodeNumber inode, ArenaPointer position, string message)
    {
        Count++;
        if (kept.Count < KeptMax) kept.Add(new Finding(kind, message, inode, position.Value));
    }
}
