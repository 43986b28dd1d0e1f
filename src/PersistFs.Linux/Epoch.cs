using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>One thread's part in a barrier that waits for every operation under way: epoch-based quiescence.</summary>
/// <remarks>
/// <para>
/// The word is odd while its thread is inside an operation, and has another value for each operation. Only the owning
/// thread changes it. Any thread may wait for it.
/// </para>
/// <para>
/// Rules. (1) A thread enters first and looks at the gate second; with the gate closed it leaves again before it
/// touches anything. (2) The waiting thread closes the gate first and waits second; the wait begins with
/// membarrier(2). (3) An operation never waits for the thread that waits here. Then each operation is either seen
/// inside, and waited for, or sees the closed gate.
/// </para>
/// <para>
/// Entering costs one ordinary store: the barrier that orders it before the look at the gate is the waiting thread's.
/// The word has a cache line of its own.
/// </para>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLineInBytes)]
public sealed class Epoch
{
    private const int CacheLineInBytes = 64;

    [FieldOffset(CacheLineInBytes)]
    private ulong word;

    /// <summary>Whether the owning thread is inside an operation.</summary>
    public bool IsInside => IsOdd(Volatile.Read(ref word));

    /// <summary>The owning thread begins an operation, and looks at the gate next.</summary>
    public void Enter() => Volatile.Write(ref word, word + 1);

    /// <summary>The owning thread ends its operation: what it stored is seen by a thread that waits for it.</summary>
    public void Leave() => Volatile.Write(ref word, word + 1);

    /// <summary>Waits until each operation that was under way when this was called has ended.</summary>
    /// <param name="participants">The threads to wait for, without the calling one.</param>
    public static void AwaitQuiescence(ReadOnlySpan<Epoch> participants) =>
        TryAwaitQuiescence(participants, Timeout.InfiniteTimeSpan);

    /// <summary>As <see cref="AwaitQuiescence"/>, for at most <paramref name="wait"/> in all.</summary>
    /// <param name="participants">The threads to wait for, without the calling one.</param>
    /// <param name="wait">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for any time.</param>
    /// <returns>False when an operation was still under way at the end of that time.</returns>
    public static bool TryAwaitQuiescence(ReadOnlySpan<Epoch> participants, TimeSpan wait)
    {
        long start = Stopwatch.GetTimestamp();
        Interlocked.MemoryBarrierProcessWide();
        foreach (Epoch participant in participants)
        {
            ulong seen = Volatile.Read(ref participant.word);
            SpinWait spin = default;
            while (IsOdd(seen) && Volatile.Read(ref participant.word) == seen)
            {
                if (wait != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(start) > wait) return false;
                spin.SpinOnce();
            }
        }
        return true;
    }

    private static bool IsOdd(ulong value) => (value & 1) != 0;
}
