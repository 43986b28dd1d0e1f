namespace PersistFs.Engine.Volumes;

/// <summary>
/// What becomes of one of a file's times: it stays, is set to now, or to a given moment (utimensat(2)).
/// </summary>
public readonly struct TimeChange
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly long nanoseconds;

    private TimeChange(bool isNow, long nanoseconds)
    {
        IsSet = true;
        IsNow = isNow;
        this.nanoseconds = nanoseconds;
    }

    /// <summary>The time stays as it is.</summary>
    public static readonly TimeChange None;

    /// <summary>The moment of the call.</summary>
    public static readonly TimeChange Now = new(true, 0);

    /// <summary>
    /// A moment relative to 1970; one that 64 bits of nanoseconds cannot hold (before 1677, after 2262) is clamped.
    /// </summary>
    public static TimeChange At(long seconds, uint nanoseconds) => new(
        false, (long)Int128.Clamp((Int128)seconds * NanosecondsPerSecond + nanoseconds, long.MinValue, long.MaxValue));

    /// <summary>Whether the time changes at all.</summary>
    public bool IsSet { get; }

    public bool IsNow { get; }

    /// <summary>Whether a moment is given that need not be now.</summary>
    public bool IsExplicit => IsSet && !IsNow;

    internal long Resolve(long now) => IsNow ? now : nanoseconds;
}
