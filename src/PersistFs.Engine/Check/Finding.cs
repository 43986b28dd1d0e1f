using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>One fault of an arena.</summary>
/// <param name="Kind">The rule that is broken.</param>
/// <param name="Message">The object, its place and the fault: one sentence.</param>
/// <param name="Inode">The inode concerned; none if it is no inode's fault.</param>
/// <param name="Position">Where in the arena, in bytes from its start; 0 if it has no one place.</param>
public readonly record struct Finding(FindingKind Kind, string Message, InodeNumber Inode, ulong Position)
{
    public override string ToString() => $"{Kind}: {Message}";
}
