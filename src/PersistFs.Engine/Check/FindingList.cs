using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>The findings of one check: the first ones are kept, all are counted.</summary>
internal sealed class FindingList
{
    /// <summary>An arena that is damaged all over must not fill the memory with messages.</summary>
    private const int KeptMax = 10_000;

    private readonly List<Finding> kept = [];

    public long Count { get; private set; }

    public IReadOnlyList<Finding> Kept => kept;

    /// <summary>Receives what can be done about the findings; null if nothing is to be done.</summary>
    public RepairPlan? Plan { get; init; }

    public void Add(FindingKind kind, string message, Repair? repair = null) =>
        Add(kind, InodeNumber.None, ArenaPointer.Null, message, repair);

    public void Add(FindingKind kind, ArenaPointer position, string message, Repair? repair = null) =>
        Add(kind, InodeNumber.None, position, message, repair);

    /// <summary>A finding about an inode; the message names it first.</summary>
    public void Add(FindingKind kind, InodeNumber inode, string message, Repair? repair = null) =>
        Add(kind, inode, inode.Record, $"Inode {inode}: {message}", repair);

    /// <summary>A finding about something that belongs to an inode and lies elsewhere.</summary>
    public void AddAt(
        FindingKind kind, InodeNumber inode, ArenaPointer position, string message, Repair? repair = null) =>
        Add(kind, inode, position, $"Inode {inode}: {message}", repair);

    private void Add(FindingKind kind, InodeNumber inode, ArenaPointer position, string message, Repair? repair)
    {
        Count++;
        if (kept.Count < KeptMax) kept.Add(new Finding(kind, message, inode, position.Value));
        if (repair is not null) Plan?.Add(repair);
    }
}
