using System.Diagnostics.CodeAnalysis;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>One server's part in the life of a connection: N workers that read requests from one descriptor.</summary>
/// <remarks>
/// A connection may see many sessions, one after the other, in as many processes: what outlives a session is kept by
/// the file system and by whoever holds the descriptor. Workers share the descriptor and never clone it, since requests
/// read through a clone are lost with it.
/// </remarks>
public sealed class Session
{
    private readonly Channel channel;
    private readonly IBufferProvider buffers;
    private readonly Dispatcher dispatcher;
    private readonly FrozenRequests gate;
    private readonly RequestThread[] workers;
    private readonly ReaderPool roster = new();
    private readonly Watchdog watch;
    private readonly TaskCompletionSource<SessionEnd> completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionEnd? end;
    private int serving;
    private bool isTakingOver;
    private volatile bool isStopping;

    /// <summary>Prepares a session; nothing is read yet.</summary>
    /// <param name="channel">The connection. It stays the caller's, and open until the session has ended.</param>
    /// <param name="fileSystem">What answers.</param>
    /// <param name="options">How to serve, and what to ask for at INIT.</param>
    /// <param name="buffers">Where requests are read and replies built.</param>
    /// <param name="inherited">What an earlier server agreed on, when this one takes over from it.</param>
    public Session(
        Channel channel,
        IFileSystem fileSystem,
        SessionOptions options,
        IBufferProvider buffers,
        Negotiated? inherited = null)
    {
        options.Validate();
        Opcodes.RequireRows();
        this.channel = channel;
        this.buffers = buffers;
        dispatcher = new Dispatcher(fileSystem, channel, options, inherited);
        gate = new FrozenRequests(channel);
        uint maxWrite = Math.Max(options.MaxWriteInBytes, inherited?.MaxWriteInBytes ?? 0);
        int requestLength = RequestThread.RequestLength(maxWrite);
        workers = new RequestThread[options.WorkerCount];
        for (int index = 0; index < workers.Length; index++)
        {
            IoVector memory = buffers.Provide(index, requestLength + RequestThread.ReplyLength);
            workers[index] = new RequestThread(index, memory, requestLength);
        }
        watch = new Watchdog(roster, workers, options.KeepsProcessorsAwake);
    }

    /// <summary>Completes when the last worker has ended.</summary>
    public Task<SessionEnd> Completion => completion.Task;

    /// <summary>How many workers serve, or are about to.</summary>
    internal int ServingCount => Volatile.Read(ref serving);

    /// <summary>Bytes of memory each worker asks its <see cref="IBufferProvider"/> for.</summary>
    /// <param name="pagesMax">The most pages of 4 KiB in one request, as negotiated or as wanted, the larger.</param>
    public static int BufferLengthInBytes(int pagesMax) =>
        RequestThread.RequestLength((uint)pagesMax * 4096) + RequestThread.ReplyLength;

    /// <summary>What the session has done so far.</summary>
    public SessionCounters ReadCounters() => new(workers);

    /// <summary>
    /// To be called by a handler before it waits for what another request brings, or for long: sees to it that another
    /// worker reads requests meanwhile.
    /// </summary>
    public void ExpectWait() => roster.EnsureReader();

    /// <summary>Starts the workers, each on a thread of its own.</summary>
    /// <remarks>
    /// After a <see cref="TakeOver"/> that was refused nothing is sent again: the replay ends as soon as it has begun.
    /// What the dead server had read and not answered is then lost to its callers, who wait until the connection ends.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The session was started before.</exception>
    public void Start()
    {
        Begin(isTakingOver ? 1 : workers.Length);
        if (isTakingOver) StartThread(workers[0], isReplaying: true);
        else StartThreads(workers);
    }

    /// <summary>
    /// Starts the workers on a connection whose last server has died: what it had read and not answered is sent again,
    /// marked as such, before anything else is read.
    /// </summary>
    /// <param name="inHand">
    /// The memory that the workers of the dead server read to. A request there that has no reply is served from where
    /// it lies, for the kernel does not send it again; its memory then says that none is in hand.
    /// </param>
    /// <param name="canResend">False to do as if the kernel refused; the memory is looked through all the same.</param>
    /// <returns>
    /// OK as soon as the kernel has taken the demand: one worker serves what is sent again, then
    /// <see cref="IFileSystem.ReplayEnded"/> is called, then the others start. Or the error with which the kernel
    /// refused (EINVAL before Linux 6.9, EPERM when not mounted); the session has then not started, and may.
    /// </returns>
    /// <exception cref="InvalidOperationException">The session was started before.</exception>
    public Errno TakeOver(IReadOnlyList<RequestInHand> inHand, bool canResend = true)
    {
        Begin(workerCount: 1);
        isTakingOver = true;
        try
        {
            foreach (RequestInHand one in inHand) dispatcher.DispatchInHand(workers[0].Counters, one);
        }
        catch (Exception exception)
        {
            GiveUp(exception);
        }
        Errno error = canResend ? new Notifier(channel).Resend() : Errno.EINVAL;
        if (error == Errno.OK) StartThread(workers[0], isReplaying: true);
        else Volatile.Write(ref serving, 0);
        return error;
    }

    /// <summary>
    /// Ends the session, not the connection; returns when every worker has finished what it had in hand.
    /// </summary>
    /// <remarks>Not to be called by a worker.</remarks>
    public void Stop()
    {
        isStopping = true;
        roster.Close();
        // What waits is left to the successor.
        gate.End();
        do
        {
            if (ServingCount == 0) completion.TrySetResult(end ?? Stopped);
            foreach (RequestThread worker in workers)
            {
                if (worker.ThreadId != 0 && !worker.HasEnded) _ = Libc.WakeThread(worker.ThreadId);
            }
        }
        while (!Completion.Wait(WakeInterval));
    }

    /// <summary>What is held back, see <see cref="Freeze"/>.</summary>
    public FreezeScope FreezeScope => gate.Scope;

    /// <summary>How many requests wait because the session is frozen, and how many have waited for nothing.</summary>
    public FreezeCounters ReadFreezeCounters() => gate.ReadCounters();

    /// <summary>
    /// From now on requests that change the tree wait; those that only read are served. Returns when every request that
    /// was under way has ended: nothing within <paramref name="scope"/> changes from then on.
    /// </summary>
    /// <param name="scope">Which requests wait. A session that is frozen already goes on with this scope.</param>
    /// <param name="wait">
    /// How long one waits before it is answered with EBUSY. What comes from the kernel's cache is never refused: it
    /// waits until the thaw.
    /// </param>
    /// <remarks>
    /// No worker ever waits. To the kernel a request that waits is one in hand: should the server die, it is sent
    /// again. Before the session has started, and so before anything is read, this is how a successor stays frozen.
    /// </remarks>
    public void Freeze(FreezeScope scope, TimeSpan wait)
    {
        gate.Close(scope, wait);
        Epoch.AwaitQuiescence(Array.ConvertAll(workers, worker => worker.Epoch));
    }

    /// <summary>
    /// Ends what <see cref="Freeze"/> began; returns when workers have taken every request that waits.
    /// </summary>
    public void Thaw()
    {
        gate.Open();
        while (gate.HasReleased && ServingCount > 0 && !isStopping)
        {
            foreach (RequestThread worker in workers)
            {
                if (!worker.Epoch.IsInside && worker.ThreadId != 0 && !worker.HasEnded) _ = Libc.WakeThread(worker.ThreadId);
            }
            Thread.Sleep(1);
        }
    }

    private void Begin(int workerCount)
    {
        if (Interlocked.CompareExchange(ref serving, workerCount, 0) != 0 || Completion.IsCompleted)
        {
            throw new InvalidOperationException("A session starts once.");
        }
        Errno error = Libc.PrepareWakeSignal();
        if (error != Errno.OK) throw new InvalidOperationException($"The wake signal cannot be used: {error}.");
    }

    private void StartThreads(ReadOnlySpan<RequestThread> starting)
    {
        foreach (RequestThread worker in starting) StartThread(worker, isReplaying: false);
    }

    private void StartThread(RequestThread worker, bool isReplaying)
    {
        if (worker.Index == 0) watch.Start();
        new Thread(() => Run(worker, isReplaying)) { Name = $"fuse-{worker.Index}", IsBackground = true }.Start();
    }

    private void Run(RequestThread worker, bool isReplaying)
    {
        worker.ThreadId = Libc.ThreadId();
        try
        {
            // By each for itself: the first need not wait for the others' memory.
            buffers.MakePresent(worker.Memory);
            SessionEnd? ended = isReplaying ? Replay(worker) : null;
            ended ??= Serve(worker);
            Interlocked.CompareExchange(ref end, ended, null);
        }
        catch (Exception exception)
        {
            GiveUp(exception);
        }
        worker.HasEnded = true;
        roster.Close();
        if (Interlocked.Decrement(ref serving) != 0) return;
        watch.End();
        gate.End();
        completion.TrySetResult(end!);
    }

    /// <summary>
    /// Serves what the kernel sends again, on this thread alone, then starts the other workers.
    /// </summary>
    /// <returns>Why the session ends here, or null when it goes on.</returns>
    private SessionEnd? Replay(RequestThread worker)
    {
        Errno error = channel.SetWaiting(false);
        SessionEnd? ended = error == Errno.OK ? ServeReplay(worker) : EndOf(error);
        error = channel.SetWaiting(true);
        if (ended is null && error != Errno.OK) ended = EndOf(error);
        if (ended is not null) return ended;
        dispatcher.EndReplay();
        Interlocked.Add(ref serving, workers.Length - 1);
        StartThreads(workers.AsSpan(1));
        return null;
    }

    private SessionEnd? ServeReplay(RequestThread worker)
    {
        Span<byte> buffer = worker.RequestBytes;
        while (!isStopping)
        {
            Errno error = channel.Read(buffer, out int length);
            if (error == Errno.EAGAIN) return null;
            if (error == Errno.EINTR) continue;
            if (error != Errno.OK) return EndOf(error);
            if (!TryParse(worker, length, out Request request)) continue;
            // The kernel puts requests sent again before all others that have a reply. Those without one come from
            // queues of their own and show nothing.
            bool isLast = request.Traits.HasReply && !request.IsResent;
            SessionEnd? ended = ServeOne(worker, ref request);
            if (isLast || ended is not null) return ended;
        }
        return Stopped;
    }

    private SessionEnd Serve(RequestThread worker)
    {
        Span<byte> buffer = worker.RequestBytes;
        if (worker.Index > 0) roster.Rest();
        worker.Meter.Restart();
        while (!isStopping)
        {
            Errno error = AwaitRequest(worker, buffer, out int length);
            if (error == Errno.EINTR) continue;
            if (error != Errno.OK) return EndOf(error);
            if (!TryParse(worker, length, out Request request)) continue;
            if (request.Traits.MayTakeLong) roster.EnsureReader();
            SessionEnd? ended = ServeOne(worker, ref request);
            if (ended is not null) return ended;
            if (worker.Meter.CountRequest()) Adjust(worker);
        }
        return Stopped;
    }

    private Errno AwaitRequest(RequestThread worker, Span<byte> buffer, out int length)
    {
        if (gate.HasReleased && gate.TryTake(buffer, out length)) return Errno.OK;
        worker.Meter.BeginWait();
        roster.BeginWait();
        Errno error = channel.Read(buffer, out length);
        roster.EndWait();
        worker.Meter.EndWait();
        watch.NoteRequest();
        return error;
    }

    /// <summary>Has as many workers on duty as there is work for.</summary>
    private void Adjust(RequestThread worker)
    {
        watch.NoteWindow(worker.Meter.WindowTicks);
        if (worker.Meter.IsBusy)
        {
            roster.Call();
        }
        else if (worker.Meter.IsIdle)
        {
            roster.Rest();
            worker.Meter.Restart();
        }
    }

    /// <summary>Takes what the thread has read for a request; without a whole header it is counted only.</summary>
    private static bool TryParse(RequestThread worker, int length, out Request request)
    {
        if (Request.TryParse(worker.RequestBytes[..length], out request)) return true;
        worker.Counters.CountMalformed();
        Dispatcher.MarkServed(worker.RequestBytes);
        return false;
    }

    /// <summary>Serves the request that the thread has read.</summary>
    /// <returns>Why the session ends with it, or null when it goes on.</returns>
    private SessionEnd? ServeOne(RequestThread worker, ref Request request)
    {
        worker.Epoch.Enter();
        if (!gate.Holds(in request)) dispatcher.Dispatch(worker, ref request);
        Dispatcher.MarkServed(worker.RequestBytes);
        worker.Epoch.Leave();
        if (dispatcher.Refusal is not { } refusal) return null;
        _ = Task.Run(Stop);
        return new SessionEnd(SessionEndReason.Refused, refusal);
    }

    /// <summary>
    /// Ends the process: the file system may be half-way through a change. A successor knows how to go on from there;
    /// this process does not.
    /// </summary>
    [DoesNotReturn]
    private static void GiveUp(Exception exception) =>
        Environment.FailFast($"A request could not be served: {exception.Message}", exception);

    private static SessionEnd EndOf(Errno error) => error switch
    {
        Errno.ENODEV => new SessionEnd(SessionEndReason.Unmounted, "The filesystem was unmounted."),
        Errno.ECONNABORTED => new SessionEnd(SessionEndReason.Aborted, "The connection was aborted."),
        _ => new SessionEnd(SessionEndReason.Failed, $"The connection cannot be read: {error}."),
    };

    private static readonly SessionEnd Stopped = new(SessionEndReason.Stopped, "The session was stopped.");

    /// <summary>A worker about to sleep misses its wake-up; it gets another one this much later.</summary>
    private static readonly TimeSpan WakeInterval = TimeSpan.FromMilliseconds(2);
}
