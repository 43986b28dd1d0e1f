using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>Sets aside requests that change the tree, while a session is frozen.</summary>
/// <remarks>
/// A request that waits is set aside, and its worker reads on: however many wait, reads are served. To the kernel it is
/// one that was read and not answered; if the server dies it is sent again, and nothing of it has been done.
/// </remarks>
internal sealed class FrozenRequests
{
    /// <summary>Requests of callers beyond these are answered with EBUSY at once.</summary>
    private const int HeldMax = 4096;
    private const long HeldBytesMax = 64L << 20;

    private const int ExpiryIntervalInMilliseconds = 10;

    private readonly Channel channel;
    private readonly Lock sync = new();
    private readonly List<HeldRequest> held = [];
    private Thread? expiry;
    private long heldBytes;
    private long waitTicks;
    private long refused;
    private volatile FreezeScope scope;
    private volatile bool hasReleased;
    private volatile bool hasEnded;

    public FrozenRequests(Channel channel) => this.channel = channel;

    public FreezeScope Scope => scope;

    /// <summary>Whether requests that have waited may be served now.</summary>
    public bool HasReleased => hasReleased;

    public FreezeCounters ReadCounters()
    {
        lock (sync) return new FreezeCounters(held.Count, refused);
    }

    /// <summary>From now on requests within <paramref name="closing"/> are held back.</summary>
    /// <param name="closing">Which requests.</param>
    /// <param name="wait">How long the caller of one waits until it is answered with EBUSY.</param>
    public void Close(FreezeScope closing, TimeSpan wait)
    {
        lock (sync)
        {
            waitTicks = (long)(wait.TotalSeconds * Stopwatch.Frequency);
            scope = closing;
            hasReleased = false;
            if (expiry is not null || hasEnded) return;
            expiry = new Thread(ExpireWhileClosed) { IsBackground = true, Name = "gate" };
            expiry.Start();
        }
    }

    /// <summary>Requests are held back no more; those that wait may be taken.</summary>
    public void Open()
    {
        lock (sync)
        {
            scope = FreezeScope.None;
            hasReleased = held.Count > 0;
        }
    }

    /// <summary>Whether the request is to wait and has been set aside, or has been dealt with.</summary>
    public bool Holds(in Request request)
    {
        FreezeScope closed = scope;
        if (closed == FreezeScope.None) return false;
        Opcode opcode = request.Header.Opcode;
        if (opcode == Opcode.Interrupt) return LetGo(request.Peek<InterruptIn>().Unique);
        if (!ChangesTree(in request)) return false;
        bool isCachedWrite = opcode == Opcode.Write && (request.Peek<WriteIn>().WriteFlags & WriteFlags.Cache) != 0;
        bool mayPass = isCachedWrite || SetsTimesOnly(in request);
        if (closed == FreezeScope.AllButCachedWrites && mayPass) return false;
        return Hold(request.Header.Unique, request.Message, isCachedWrite);
    }

    /// <summary>Takes a request that has waited long enough.</summary>
    /// <param name="buffer">Room for the largest request.</param>
    /// <param name="length">Bytes of request.</param>
    public bool TryTake(Span<byte> buffer, out int length)
    {
        length = 0;
        lock (sync)
        {
            if (!hasReleased) return false;
            HeldRequest request = held[0];
            Remove(0);
            hasReleased = held.Count > 0;
            request.Message.CopyTo(buffer);
            length = request.Message.Length;
            return true;
        }
    }

    /// <summary>From now on nothing is answered from here: what waits is left to a successor.</summary>
    public void End() => hasEnded = true;

    private bool Hold(ulong unique, ReadOnlySpan<byte> message, bool isCachedWrite)
    {
        lock (sync)
        {
            // Opened since the look: it may go on.
            if (scope == FreezeScope.None) return false;
            // What the kernel brings from its cache must not be refused: the data would be lost, and its writer be told
            // EIO. The kernel itself bounds how much of it is under way.
            if (isCachedWrite || (held.Count < HeldMax && heldBytes + message.Length <= HeldBytesMax))
            {
                long deadline = isCachedWrite ? HeldRequest.Never : Stopwatch.GetTimestamp() + waitTicks;
                held.Add(new HeldRequest(unique, message.ToArray(), deadline));
                heldBytes += message.Length;
                return true;
            }
            refused++;
        }
        Answer(unique, Errno.EBUSY);
        return true;
    }

    /// <summary>Answers a request that waits with EINTR, if its caller has been interrupted.</summary>
    /// <returns>Always true: an interrupt asks for nothing else.</returns>
    private bool LetGo(ulong interruptedUnique)
    {
        ulong interrupted = Number(interruptedUnique);
        ulong unique;
        lock (sync)
        {
            int index = held.FindIndex(request => Number(request.Unique) == interrupted);
            if (index < 0) return true;
            unique = held[index].Unique;
            Remove(index);
        }
        Answer(unique, Errno.EINTR);
        return true;
    }

    private void ExpireWhileClosed()
    {
        bool isClosed = true;
        while (isClosed)
        {
            Thread.Sleep(ExpiryIntervalInMilliseconds);
            Expire();
            lock (sync)
            {
                isClosed = scope != FreezeScope.None && !hasEnded;
                // The next Close starts another thread.
                if (!isClosed) expiry = null;
            }
        }
    }

    private void Expire()
    {
        List<ulong> expired = [];
        lock (sync)
        {
            if (scope == FreezeScope.None || hasEnded) return;
            long now = Stopwatch.GetTimestamp();
            for (int index = held.Count - 1; index >= 0; index--)
            {
                if (held[index].Deadline > now) continue;
                expired.Add(held[index].Unique);
                Remove(index);
            }
            refused += expired.Count;
        }
        foreach (ulong unique in expired) Answer(unique, Errno.EBUSY);
    }

    private void Remove(int index)
    {
        heldBytes -= held[index].Message.Length;
        held.RemoveAt(index);
    }

    private void Answer(ulong unique, Errno error)
    {
        OutHeader header = new()
        {
            LengthInBytes = (uint)Unsafe.SizeOf<OutHeader>(),
            Error = -(int)error,
            Unique = unique,
        };
        // A caller that is gone by now needs no answer.
        _ = channel.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<OutHeader>(in header)));
    }

    private static ulong Number(ulong unique) => unique & ~InHeader.ResendBit;

    private static bool ChangesTree(in Request request) => request.Traits.Changes switch
    {
        TreeChange.Always => true,
        TreeChange.WithInput => request.Peek<IoctlIn>().InputSizeInBytes > 0,
        _ => false,
    };

    /// <summary>Whether it brings nothing but times, as the kernel does after pages of its cache.</summary>
    private static bool SetsTimesOnly(in Request request) => request.Header.Opcode == Opcode.SetAttributes
        && (request.Peek<SetAttributesIn>().Valid & ~TimesOnly) == 0;

    private const SetAttributesFlags TimesOnly = SetAttributesFlags.AccessTime | SetAttributesFlags.ModifyTime
        | SetAttributesFlags.ChangeTime | SetAttributesFlags.AccessTimeNow | SetAttributesFlags.ModifyTimeNow
        | SetAttributesFlags.Handle | SetAttributesFlags.LockOwner;
}
