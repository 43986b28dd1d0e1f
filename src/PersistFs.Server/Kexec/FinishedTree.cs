namespace PersistFs.Server.Kexec;

/// <summary>What `kexec finish` found of a tree; its JSON is an interface that tools lean on.</summary>
public sealed record FinishedTree
{
    /// <summary>Null where an arena does not say where it was mounted.</summary>
    public string? MountPoint { get; init; }

    public required string Arena { get; init; }

    /// <summary>Whether the tree is there, as it was.</summary>
    public required bool IsBack { get; init; }

    /// <summary>What was found or done, for people.</summary>
    public required string Outcome { get; init; }

    /// <summary>What the operator can do, where it is not back.</summary>
    public string? NextStep { get; init; }

    public ulong? InodesUsed { get; init; }

    /// <summary>From the start of its server until the mount answered; null where it was not started here.</summary>
    public double? Milliseconds { get; init; }

    /// <summary>What the operator may want to know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
