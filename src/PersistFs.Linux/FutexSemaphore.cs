namespace PersistFs.Linux;

/// <summary>A gate that lets one thread through for each permit given: a semaphore on a futex(2).</summary>
/// <remarks>
/// Unlike the runtime's own it lets a signal end the wait, allocates nothing, and never turns before it sleeps.
/// </remarks>
public sealed unsafe class FutexSemaphore
{
    private const int WordsInCacheLine = 16;

    /// <summary>Element 0: permits given and not taken; the rest keeps others off the cache line.</summary>
    private readonly int[] permits = GC.AllocateArray<int>(2 * WordsInCacheLine, pinned: true);

    private ref int Count => ref permits[WordsInCacheLine];

    /// <summary>Gives a permit and wakes one thread that waits.</summary>
    public void Give()
    {
        Interlocked.Increment(ref Count);
        fixed (int* word = &Count) Libc.WakeWord(word, 1);
    }

    /// <summary>Takes a permit if there is one.</summary>
    public bool TryTake()
    {
        int count;
        while ((count = Volatile.Read(ref Count)) > 0)
        {
            if (Interlocked.CompareExchange(ref Count, count - 1, count) == count) return true;
        }
        return false;
    }

    /// <summary>Sleeps until there may be a permit: until one is given, a signal comes, or the time is over.</summary>
    /// <param name="timeoutInMilliseconds">How long at most; negative for any time.</param>
    public void Await(int timeoutInMilliseconds = -1)
    {
        fixed (int* word = &Count) _ = Libc.WaitOnWord(word, 0, timeoutInMilliseconds);
    }
}
