using System.Diagnostics;

namespace PersistFs.Engine.Image;

/// <summary>Counts what several threads have done, and tells it now and then on one of them.</summary>
internal sealed class ProgressMeter(Action<ImageProgress>? progress)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private string phase = "";
    private long done;
    private ulong total;
    private long toldAt;

    /// <summary>Begins a phase; no thread is at work.</summary>
    public void Begin(string name, ulong totalBytes)
    {
        phase = name;
        done = 0;
        total = Math.Max(totalBytes, 1);
        Tell();
    }

    /// <param name="bytes">Bytes dealt with.</param>
    /// <param name="mayTell">Whether this is the thread that tells.</param>
    public void Add(ulong bytes, bool mayTell)
    {
        Interlocked.Add(ref done, (long)bytes);
        if (mayTell && progress is not null && Stopwatch.GetElapsedTime(toldAt) >= Interval) Tell();
    }

    private void Tell()
    {
        toldAt = Stopwatch.GetTimestamp();
        progress?.Invoke(new ImageProgress(phase, (ulong)Volatile.Read(ref done), total));
    }
}
