using System.Diagnostics.CodeAnalysis;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>One server's part in the life of a connection: N threads that read requests from one descriptor.</summary>
/// <remarks>
/// A connection may see many sessions, one after the other, in as many processes: what outlives a
/// session is kept by the file system and by the descriptor stores. Threads share the descriptor and never clone it,
/// since requests read through a clone are lost with it.
/// </remarks>
public sealed class Session
{
    private readonly Channel channel;
    private readonly IBufferProvider buffers;
    private readonly Dispatcher dispatcher;
    private readonly FrozenRequests frozen;
    private readonly RequestThread[] threads;
    private readonly ReaderPool readers = new();
    private readonly Watchdog watchdog;
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
        frozen = new FrozenRequests(channel);
        uint maxWrite = Math.Max(options.MaxWriteInBytes, inherited?.MaxWriteInBytes ?? 0);
        int requestLength = RequestThread.RequestLength(maxWrite);
        threads = new RequestThread[options.WorkerCount];
        for (int index = 0; index < threads.Length; index++)
        {
            IoVector memory = buffers.Provide(index, requestLength + RequestThread.ReplyLength);
            threads[index] = new RequestThread(index, memory, requestLength);
        }
        watchdog = new Watchdog(readers, threads, options.KeepsProcessorsAwake);
    }

    /// <summary>Completes when the last thread has ended.</summary>
    public Task<SessionEnd> Completion => completion.Task;

    /// <summary>How many request threads serve, or are about to.</summary>
    internal int ServingCount => Volatile.Read(ref serving);

    /// <summary>What the session has done so far.</summary>
    public SessionCounters ReadCounters() => new(threads);

    /// <summary>
    /// To be called by a handler before it waits for what another request brings, or for long: sees to it that another
    /// thread reads requests meanwhile.
    /// </summary>
    public void ExpectWait() => readers.EnsureReader();

    /// <summary>Starts the request threads.</summary>
    /// <remarks>
    /// After a <see cref="TakeOver"/> that was refused nothing is sent again: the replay ends as soon as it has begun.
    /// What the dead server had read and not answered is then lost: its callers wait until the connection ends.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The session was started before.</exception>
    public void Start()
    {
        Begin(isTakingOver ? 1 : threads.Length);
        if (isTakingOver) StartThread(threads[0], isReplaying: true);
        else StartThreads(threads);
    }

    /// <summary>
    /// Starts the threads on a connection whose last server has died: what it had read and not answered is sent again,
    /// marked as such, before anything else is read.
    /// </summary>
    /// <param name="inHand">
    /// The memory that the threads of the dead server read to. A request there that has no reply is served from where
    /// it lies, for the kernel does not send it again; its memory then says that none is in hand.
    /// </param>
    /// <param name="canResend">False to do as if the kernel refused; the memory is looked through all the same.</param>
    /// <returns>
    /// OK as soon as the kernel has taken the demand: one thread serves what is sent again, then
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
            foreach (RequestInHand one in inHand) dispatcher.DispatchInHand(threads[0].Counters, one);
        }
        catch (Exception exception)
        {
            FailFast(exception);
        }
        Errno error = canResend ? new Notifier(channel).Resend() : Errno.EINVAL;
        if (error == Errno.OK) StartThread(threads[0], isReplaying: true);
        else Volatile.Write(ref serving, 0);
        return error;
    }

    /// <summary>
    /// Ends the session, not the connection; returns when every request thread has finished what it had in hand.
    /// </summary>
    /// <remarks>Not to be called on a request thread.</remarks>
    public void Stop()
    {
        isStopping = true;
        readers.Close();
        // What waits is left to the successor.
        frozen.End();
        do
        {
            if (ServingCount == 0) completion.TrySetResult(end ?? Stopped);
            foreach (RequestThread thread in threads)
            {
                if (thread.ThreadId != 0 && !thread.HasEnded) _ = Libc.WakeThread(thread.ThreadId);
            }
        }
        while (!Completion.Wait(WakeInterval));
    }

    /// <summary>What is held back, see <see cref="Freeze"/>.</summary>
    public FreezeScope FreezeScope => frozen.Scope;

    /// <summary>How many requests wait because the session is frozen, and how many have waited for nothing.</summary>
    public FreezeCounters ReadFreezeCounters() => frozen.ReadCounters();

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
    /// No thread waits for the thaw. To the kernel a request that waits is one in hand: should the server die, it is
    /// sent again. Before the session has started, and so before anything is read, this is how a successor stays
    /// frozen.
    /// </remarks>
    public void Freeze(FreezeScope scope, TimeSpan wait)
    {
        frozen.Close(scope, wait);
        Epoch.AwaitQuiescence(Array.ConvertAll(threads, thread => thread.Epoch));
    }

    /// <summary>
    /// Ends what <see cref="Freeze"/> began; returns when threads have taken every request that waits.
    /// </summary>
    public void Thaw()
    {
        frozen.Open();
        while (frozen.HasReleased && ServingCount > 0 && !isStopping)
        {
            foreach (RequestThread thread in threads)
            {
                if (!thread.Epoch.IsInside && thread.ThreadId != 0 && !thread.HasEnded)
                    _ = Libc.WakeThread(thread.ThreadId);
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
        foreach (RequestThread thread in starting) StartThread(thread, isReplaying: false);
    }

    private void StartThread(RequestThread thread, bool isReplaying)
    {
        if (thread.Index == 0) watchdog.Start();
        new Thread(() => Run(thread, isReplaying)) { Name = $"fuse-{thread.Index}", IsBackground = true }.Start();
    }

    private void Run(RequestThread thread, bool isReplaying)
    {
        thread.ThreadId = Libc.ThreadId();
        try
        {
            // By each for itself: the first need not wait for the others' memory.
            buffers.MakePresent(thread.Memory);
            SessionEnd? ended = isReplaying ? Replay(thread) : null;
            ended ??= Serve(thread);
            Interlocked.CompareExchange(ref end, ended, null);
        }
        catch (Exception exception)
        {
            FailFast(exception);
        }
        thread.HasEnded = true;
        readers.Close();
        if (Interlocked.Decrement(ref serving) != 0) return;
        watchdog.End();
        frozen.End();
        completion.TrySetResult(end!);
    }

    /// <summary>
    /// Serves what the kernel sends again, on this thread alone, then starts the other threads.
    /// </summary>
    /// <returns>Why the session ends here, or null when it goes on.</returns>
    private SessionEnd? Replay(RequestThread thread)
    {
        Errno error = channel.SetWaiting(false);
        SessionEnd? ended = error == Errno.OK ? ServeReplay(thread) : EndOf(error);
        error = channel.SetWaiting(true);
        if (ended is null && error != Errno.OK) ended = EndOf(error);
        if (ended is not null) return ended;
        dispatcher.EndReplay();
        Interlocked.Add(ref serving, threads.Length - 1);
        StartThreads(threads.AsSpan(1));
        return null;
    }

    private SessionEnd? ServeReplay(RequestThread thread)
    {
        Span<byte> buffer = thread.RequestBytes;
        while (!isStopping)
        {
            Errno error = channel.Read(buffer, out int length);
            if (error == Errno.EAGAIN) return null;
            if (error == Errno.EINTR) continue;
            if (error != Errno.OK) return EndOf(error);
            if (!TryParse(thread, length, out Request request)) continue;
            // The kernel puts requests sent again before all others that have a reply. Those without one come from
            // queues of their own and show nothing.
            bool isLast = request.Traits.HasReply && !request.IsResent;
            SessionEnd? ended = ServeOne(thread, ref request);
            if (isLast || ended is not null) return ended;
        }
        return Stopped;
    }

    private SessionEnd Serve(RequestThread thread)
    {
        Span<byte> buffer = thread.RequestBytes;
        if (thread.Index > 0) readers.Park();
        thread.Load.Restart();
        while (!isStopping)
        {
            Errno error = AwaitRequest(thread, buffer, out int length);
            if (error == Errno.EINTR) continue;
            if (error != Errno.OK) return EndOf(error);
            if (!TryParse(thread, length, out Request request)) continue;
            if (request.Traits.MayTakeLong) readers.EnsureReader();
            SessionEnd? ended = ServeOne(thread, ref request);
            if (ended is not null) return ended;
            if (thread.Load.CountRequest()) Adjust(thread);
        }
        return Stopped;
    }

    private Errno AwaitRequest(RequestThread thread, Span<byte> buffer, out int length)
    {
        if (frozen.HasReleased && frozen.TryTake(buffer, out length)) return Errno.OK;
        thread.Load.BeginWait();
        readers.BeginWait();
        Errno error = channel.Read(buffer, out length);
        readers.EndWait();
        thread.Load.EndWait();
        watchdog.NoteRequest();
        return error;
    }

    /// <summary>Has as many threads read as there is work for.</summary>
    private void Adjust(RequestThread thread)
    {
        watchdog.NoteWindow(thread.Load.WindowTicks);
        if (thread.Load.IsBusy)
        {
            readers.Wake();
        }
        else if (thread.Load.IsIdle)
        {
            readers.Park();
            thread.Load.Restart();
        }
    }

    /// <summary>Takes what the thread has read for a request; without a whole header it is counted only.</summary>
    private static bool TryParse(RequestThread thread, int length, out Request request)
    {
        if (Request.TryParse(thread.RequestBytes[..length], out request)) return true;
        thread.Counters.CountMalformed();
        Dispatcher.MarkServed(thread.RequestBytes);
        return false;
    }

    /// <summary>Serves the request that the thread has read.</summary>
    /// <returns>Why the session ends with it, or null when it goes on.</returns>
    private SessionEnd? ServeOne(RequestThread thread, ref Request request)
    {
        thread.Epoch.Enter();
        if (!frozen.Holds(in request)) dispatcher.Dispatch(thread, ref request);
        Dispatcher.MarkServed(thread.RequestBytes);
        thread.Epoch.Leave();
        if (dispatcher.Refusal is not { } refusal) return null;
        _ = Task.Run(Stop);
        return new SessionEnd(SessionEndReason.Refused, refusal);
    }

    /// <summary>
    /// Ends the process: the file system may be half-way through a change. A successor knows how to go on from there;
    /// this process does not.
    /// </summary>
    [DoesNotReturn]
    private static void FailFast(Exception exception) =>
        Environment.FailFast($"A request could not be served: {exception.Message}", exception);

    private static SessionEnd EndOf(Errno error) => error switch
    {
        Errno.ENODEV => new SessionEnd(SessionEndReason.Unmounted, "The filesystem was unmounted."),
        Errno.ECONNABORTED => new SessionEnd(SessionEndReason.Aborted, "The connection was aborted."),
        _ => new SessionEnd(SessionEndReason.Failed, $"The connection cannot be read: {error}."),
    };

    private static readonly SessionEnd Stopped = new(SessionEndReason.Stopped, "The session was stopped.");

    /// <summary>A thread about to sleep misses its wake-up; it gets another one after this time.</summary>
    private static readonly TimeSpan WakeInterval = TimeSpan.FromMilliseconds(2);
}
