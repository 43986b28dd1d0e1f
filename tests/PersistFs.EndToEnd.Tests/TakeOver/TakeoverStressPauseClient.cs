using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Calls that a server has to answer, one after the other, each timed.</summary>
internal sealed class TakeoverStressPauseClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private readonly byte[] bytes = new byte[4096];
    private Descriptor? file;
    private long longestInTicks;

    public override void Dispose()
    {
        base.Dispose();
        file?.Dispose();
    }

    /// <summary>The longest call that has ended since this was last asked, in milliseconds.</summary>
    public double TakeLongest() =>
        Interlocked.Exchange(ref longestInTicks, 0) * 1000.0 / Stopwatch.Frequency;

    protected override void Open() => file = Descriptor.Open($"{Home}/direct",
        OpenFlags.O_RDWR | OpenFlags.O_CREAT | (OpenFlags)Kernel.DirectIo);

    protected override void Round()
    {
        Timed(() => file!.WriteAt(0, bytes));
        Timed(() => file!.ReadAt(0, bytes.Length));
        Timed(() => Succeeds(Syscall.mkdir($"{Home}/made", Mode(755))));
        Timed(() => Succeeds(Syscall.rmdir($"{Home}/made")));
    }

    private void Timed(Action call)
    {
        long start = Stopwatch.GetTimestamp();
        call();
        long ticks = Stopwatch.GetTimestamp() - start;
        // Only this thread raises it; the other side takes it whole.
        if (ticks > Interlocked.Read(ref longestInTicks)) Interlocked.Exchange(ref longestInTicks, ticks);
    }
}
