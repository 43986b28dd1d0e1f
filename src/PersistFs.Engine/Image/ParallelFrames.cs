using System.Runtime.ExceptionServices;

namespace PersistFs.Engine.Image;

/// <summary>Threads that do the same with many frames, each with the next one that nobody has.</summary>
internal static class ParallelFrames
{
    private const int ThreadCountMax = 8;

    /// <summary>How many threads there are; each has a number below this.</summary>
    public static int ThreadCount { get; } = Math.Clamp(Environment.ProcessorCount, 1, ThreadCountMax);

    /// <summary>Has every thread call <paramref name="work"/>, one of them the calling thread.</summary>
    /// <param name="work">
    /// Given the thread's number; returns when there is nothing left to do, and soon after <paramref name="stop"/>.
    /// </param>
    /// <param name="stop">Cancelled by the first failure; the caller may cancel it too.</param>
    public static void Run(Action<int> work, CancellationTokenSource stop)
    {
        ExceptionDispatchInfo? failure = null;
        Thread[] helpers = [.. Enumerable.Range(1, ThreadCount - 1).Select(Start)];
        Work(0);
        foreach (Thread helper in helpers) helper.Join();
        failure?.Throw();

        Thread Start(int number)
        {
            var thread = new Thread(() => Work(number)) { IsBackground = true, Name = $"image-{number}" };
            thread.Start();
            return thread;
        }

        void Work(int number)
        {
            try
            {
                work(number);
            }
#pragma warning disable CA1031 // It is thrown again, by the calling thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
                stop.Cancel();
            }
        }
    }
}
