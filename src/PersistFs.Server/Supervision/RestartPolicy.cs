namespace PersistFs.Server.Supervision;

/// <summary>When a server that has died is started again.</summary>
internal sealed class RestartPolicy
{
    /// <summary>Starts in a row without a server that got ready, after which there are no more.</summary>
    public const int FailedStartsMax = 8;

    private const int DelayMinInMilliseconds = 50;
    private const int DelayMaxInMilliseconds = 2000;

    private int failedStarts;

    /// <summary>
    /// Says how long to wait before the next start: not at all for a server that was well until it died.
    /// </summary>
    /// <param name="gotReady">Whether the server that died had been ready.</param>
    /// <returns>Milliseconds; null to give up.</returns>
    public int? DelayAfterDeath(bool gotReady)
    {
        if (gotReady)
        {
            failedStarts = 0;
            return 0;
        }
        failedStarts++;
        if (failedStarts >= FailedStartsMax) return null;
        return Math.Min(DelayMinInMilliseconds << (failedStarts - 1), DelayMaxInMilliseconds);
    }
}
