using PersistFs.Engine.Testing.Model;

namespace PersistFs.Engine.Tests.Crash;

/// <summary>One operation whose crashes are explored.</summary>
/// <param name="Name">What happens, for the test's name.</param>
/// <param name="Prepare">Makes what it needs below the directory it is given.</param>
/// <param name="Act">The operation itself, below the same directory.</param>
internal sealed record CrashCase(string Name, Action<VolumeUser, string> Prepare, Action<VolumeUser, string> Act)
{
    /// <summary>Whether bytes that it overwrites may be there in part.</summary>
    public bool MayTearData { get; init; }

    /// <summary>Whether it is documented to have several steps, each of them whole.</summary>
    public bool HasSteps { get; init; }

    /// <summary>Whether it makes inodes that go to a pending list.</summary>
    public bool UsesAnyPendingList { get; init; }

    /// <summary>Whether it is a rename from one directory to another.</summary>
    public bool MovesBetweenDirectories { get; init; }

    /// <summary>Whether it has so many stores that a run which is not long looks at a share of them.</summary>
    public bool IsLarge { get; init; }
}
