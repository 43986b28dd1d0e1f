using System.Diagnostics;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Image;

/// <summary>
/// Holds operations off for a part of the time, so that a save can follow clients that are faster than its target.
/// </summary>
internal sealed class WriteThrottle : IDisposable
{
    private static readonly TimeSpan HoldMax = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan HoldFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ReleaseFirst = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ReleaseMin = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan FreezeWait = TimeSpan.FromMilliseconds(5);

    private readonly Volume volume;
    private readonly ManualResetEventSlim loose = new(initialState: true);
    private Thread? thread;
    private TimeSpan hold = HoldFirst;
    private TimeSpan release = ReleaseFirst;

    public WriteThrottle(Volume volume) => this.volume = volume;

    /// <summary>The longest time in a row for which operations were held off.</summary>
    public TimeSpan LongestPause { get; private set; }

    /// <summary>Begins to hold operations off, or holds them off for more of the time than before.</summary>
    public void Tighten()
    {
        Loosen();
        hold = Min(hold * 2, HoldMax);
        release = release / 2 < ReleaseMin ? ReleaseMin : release / 2;
        loose.Reset();
        thread = new Thread(Run) { IsBackground = true, Name = "save-throttle" };
        thread.Start();
    }

    /// <summary>Operations go on; nothing holds them off when this returns.</summary>
    public void Loosen()
    {
        loose.Set();
        thread?.Join();
        thread = null;
    }

    public void Dispose()
    {
        Loosen();
        loose.Dispose();
    }

    private void Run()
    {
        while (!loose.IsSet)
        {
            long start = Stopwatch.GetTimestamp();
            if (volume.TryFreeze(FreezeWait))
            {
                loose.Wait(hold);
                volume.Thaw();
            }
            TimeSpan pause = Stopwatch.GetElapsedTime(start);
            if (pause > LongestPause) LongestPause = pause;
            loose.Wait(release);
        }
    }

    private static TimeSpan Min(TimeSpan first, TimeSpan second) => first < second ? first : second;
}
