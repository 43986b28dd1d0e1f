namespace PersistFs.Linux;

/// <summary>A count of events that threads can wait for, on a futex(2).</summary>
/// <remarks>
/// A waiting thread reads <see cref="Current"/>, then looks whether what it wants is there, then waits with the count
/// that it read: an event between the look and the wait ends the wait at once. An event without a waiting thread costs
/// one interlocked instruction.
/// </remarks>
public sealed unsafe class EventCount
{
    private const int WordsInCacheLine = 16;

    /// <summary>In the middle: the count, then how many threads wait. The rest keeps the cache line free.</summary>
    private readonly int[] words = GC.AllocateArray<int>(3 * WordsInCacheLine, pinned: true);

    /// <summary>Events so far; wraps around.</summary>
    public int Current => Volatile.Read(ref Count);

    private ref int Count => ref words[WordsInCacheLine];

    private ref int Waiting => ref words[WordsInCacheLine + 1];

    /// <summary>An event has happened: wakes every thread that waits.</summary>
    public void Signal()
    {
        // A thread that waits says so before it compares the count, so one of the two sees the other.
        Interlocked.Increment(ref Count);
        if (Volatile.Read(ref Waiting) == 0) return;
        fixed (int* word = &Count) Libc.WakeWord(word, int.MaxValue);
    }

    /// <summary>Waits until an event has happened since <paramref name="seen"/> was read, or a signal comes.</summary>
    /// <param name="seen">What <see cref="Current"/> was.</param>
    /// <param name="timeoutInMilliseconds">How long at most; negative for any time.</param>
    public void Await(int seen, int timeoutInMilliseconds)
    {
        Interlocked.Increment(ref Waiting);
        fixed (int* word = &Count) _ = Libc.WaitOnWord(word, seen, timeoutInMilliseconds);
        Interlocked.Decrement(ref Waiting);
    }
}
