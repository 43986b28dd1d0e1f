namespace PersistFs.Engine.Volumes;

/// <summary>How often a server has died with a request in hand that was not executed.</summary>
/// <param name="Crashes">Deaths that may be the request's doing.</param>
/// <param name="Kills">Deaths that came from outside.</param>
public readonly record struct CrashCounts(int Crashes, int Kills)
{
    /// <summary>Crashes after which a request is quarantined.</summary>
    public const int CrashesMax = 3;

    /// <summary>
    /// Kills after which it is: not the request's doing as a rule, but one for which the kernel runs out of memory
    /// has its servers killed as well, and must come to an end.
    /// </summary>
    public const int KillsMax = 64;

    /// <summary>Whether the request is not to be tried any more.</summary>
    public bool AreTooMany => Crashes >= CrashesMax || Kills >= KillsMax;

    /// <summary>One more; neither count goes beyond what matters.</summary>
    internal CrashCounts With(bool isKill) => isKill
        ? this with { Kills = Math.Min(Kills, KillsMax) + 1 }
        : this with { Crashes = Math.Min(Crashes, CrashesMax) + 1 };

    /// <summary>Whether it takes more of <paramref name="other"/>'s to be too many; crashes count first.</summary>
    internal bool IsLessThan(CrashCounts other) => (Crashes, Kills).CompareTo((other.Crashes, other.Kills)) < 0;

    /// <summary>The larger of each count.</summary>
    internal CrashCounts Or(CrashCounts other) =>
        new(Math.Max(Crashes, other.Crashes), Math.Max(Kills, other.Kills));
}
