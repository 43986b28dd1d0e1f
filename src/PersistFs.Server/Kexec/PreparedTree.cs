namespace PersistFs.Server.Kexec;

/// <summary>What `kexec prepare` has done with a tree; its JSON is an interface that tools lean on.</summary>
public sealed record PreparedTree
{
    public required string MountPoint { get; init; }

    public required string Arena { get; init; }

    public required string Backing { get; init; }

    public required KexecRoute Route { get; init; }

    /// <summary>Why the route was chosen.</summary>
    public required string Reason { get; init; }

    /// <summary>The image; null for other routes.</summary>
    public string? Image { get; init; }

    /// <summary>Files that the kernel knew, each once.</summary>
    public long FilesInUse { get; init; }

    /// <summary>Files of those whose pages were brought to the arena.</summary>
    public long FilesFlushed { get; init; }

    /// <summary>Files whose pages could not be brought there: they do not survive.</summary>
    public IReadOnlyList<string> FilesFailed { get; init; } = [];

    /// <summary>While clients went on.</summary>
    public double OnlineMilliseconds { get; init; }

    /// <summary>From the order to freeze until all was verified.</summary>
    public double FreezeMilliseconds { get; init; }

    /// <summary>How long a client that changes something waits until it gets EBUSY.</summary>
    public double WaitSeconds { get; init; }

    /// <summary>Until the tree thaws by itself.</summary>
    public double WindowSeconds { get; init; }

    /// <summary>Whether pages that clients write from now on into the kernel's cache are lost.</summary>
    public bool LosesLaterWrites { get; init; }

    /// <summary>What the operator may want to know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
