using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Memfd;

/// <summary>The sessions in which an arena's segments go to the next kernel, one for each segment.</summary>
/// <remarks>
/// The descriptor store keeps them: with the last descriptor of a session its segment is not preserved any more.
/// A session that the last kernel left is finished only when its segment is in keeping, and then made anew.
/// </remarks>
internal sealed class LiveUpdateSessions(DescriptorStore store, string mountPoint, MemfdName spec) : IDisposable
{
    /// <summary>How long a server waits for others that make their sessions at the same time.</summary>
    private static readonly TimeSpan DeviceWait = TimeSpan.FromSeconds(2);

    /// <summary>What a first segment is preserved under: the ASCII bytes PERSISTF.</summary>
    private const ulong FirstToken = 0x4654534953524550;

    private readonly Dictionary<int, SafeFileHandle> outgoing = [];
    private readonly Dictionary<int, SafeFileHandle> incoming = [];

    /// <summary>Why segments are not preserved; null when they are, or nobody has tried yet.</summary>
    public string? Reason { get; private set; }

    /// <summary>How long the kernel took when it preserved segments last; null when it did not yet.</summary>
    public double? Milliseconds { get; private set; }

    /// <summary>Segments that go to the next kernel.</summary>
    public int Count
    {
        get
        {
            lock (outgoing) return outgoing.Count;
        }
    }

    /// <summary>What tells this arena's segments from others'.</summary>
    public ulong IdentityWord { get; set; }

    /// <summary>Takes the session of a segment, and its file, from the descriptor store or the last kernel.</summary>
    /// <param name="lastKernel">What the last kernel has left.</param>
    /// <param name="index">The segment.</param>
    /// <returns>The segment's file, not yet in keeping; null where there is no such session.</returns>
    /// <exception cref="FailureException">The session holds something else.</exception>
    public SafeFileHandle? TakeSegment(PreviousKernel lastKernel, int index)
    {
        int kept = store.Take(DescriptorName.Live(index));
        SafeFileHandle? session = kept < 0 ? null : new SafeFileHandle(kept, ownsHandle: true);
        if (session is null && lastKernel.Open() is { } device)
        {
            Errno error = Retrieve(device, index, out session);
            if (error is not (Errno.OK or Errno.ENOENT)) throw CannotTake(index, error);
        }
        if (session is null) return null;
        Errno retrieved = Libc.RetrieveFromLiveSession(Number(session), TokenOf(index), out int descriptor);
        if (retrieved != Errno.OK) throw HoldsOther(index, retrieved);
        incoming[index] = session;
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Takes note of a session in keeping whose segment is in keeping as well.</summary>
    /// <param name="index">The segment.</param>
    /// <param name="segment">Its file as it is kept.</param>
    public void TakeKept(int index, SafeFileHandle segment)
    {
        int kept = store.Take(DescriptorName.Live(index));
        if (kept < 0) return;
        var session = new SafeFileHandle(kept, ownsHandle: true);
        switch (Libc.PreserveInLiveSession(kept, Number(segment), TokenOf(index)))
        {
            case Errno.OK or Errno.EEXIST or Errno.EBUSY:
                lock (outgoing) outgoing[index] = session;
                break;
            case Errno.EINVAL:
                // It came from the last kernel, and a server died before it had finished it.
                incoming[index] = session;
                break;
            default:
                store.Remove(DescriptorName.Live(index));
                session.Dispose();
                break;
        }
    }

    /// <summary>Ends the sessions of the last kernel, all of whose segments are in keeping.</summary>
    public void FinishIncoming()
    {
        foreach ((int index, SafeFileHandle session) in incoming)
        {
            _ = Libc.FinishLiveSession(Number(session));
            store.Discard(DescriptorName.Live(index));
            session.Dispose();
        }
        incoming.Clear();
    }

    /// <summary>Preserves segments that are not yet, all of whose memory is there.</summary>
    /// <param name="segments">The arena's segments as they are kept.</param>
    /// <returns>Whether all are preserved; if not, <see cref="Reason"/> says why.</returns>
    public bool TryPreserve(IReadOnlyList<SafeFileHandle> segments)
    {
        int[] missing;
        lock (outgoing) missing = [.. Enumerable.Range(0, segments.Count).Where(index => !outgoing.ContainsKey(index))];
        if (missing.Length == 0)
        {
            Reason = null;
            return true;
        }
        if (!CanPreserve()) return false;
        Errno error = LiveUpdate.TryOpen(DeviceWait, out LiveUpdate? device);
        if (error != Errno.OK)
        {
            Reason = error == Errno.EBUSY
                ? $"another process has {Libc.LiveUpdateDevice}"
                : $"{Libc.LiveUpdateDevice} cannot be opened: {error}";
            return false;
        }
        TimeSpan taken = TimeSpan.Zero;
        using (device)
        {
            foreach (int index in missing)
            {
                if (TryPreserve(device!, index, segments[index], ref taken)) continue;
                foreach (int made in missing) Drop(made);
                return false;
            }
        }
        Milliseconds = Math.Round(taken.TotalMilliseconds, digits: 2);
        Reason = null;
        return true;
    }

    /// <summary>Whether this kernel can preserve the segments; if not, <see cref="Reason"/> says why.</summary>
    public bool CanPreserve()
    {
        if (spec.IsHuge) Reason = "reserved huge pages cannot be handed to the next kernel";
        else if (!LiveUpdate.IsThere) Reason = $"there is no {Libc.LiveUpdateDevice}: boot with kho=on liveupdate=on";
        else return true;
        return false;
    }

    /// <summary>Says why nothing is preserved.</summary>
    public void GiveUp(string reason) => Reason = reason;

    /// <summary>Ends the session of a segment that the arena does not have any more.</summary>
    public void Drop(int index)
    {
        SafeFileHandle? session;
        lock (outgoing)
        {
            if (!outgoing.Remove(index, out session)) return;
        }
        store.Remove(DescriptorName.Live(index));
        session.Dispose();
    }

    public void Dispose()
    {
        lock (outgoing)
        {
            foreach (SafeFileHandle session in outgoing.Values) session.Dispose();
        }
        foreach (SafeFileHandle session in incoming.Values) session.Dispose();
    }

    /// <summary>Takes a session from the last kernel, and gives it into keeping.</summary>
    private Errno Retrieve(LiveUpdate device, int index, out SafeFileHandle? session)
    {
        string name = NameOf(index), key = DescriptorName.Live(index);
        if (store.TryTakeSession(device.Number, name, key, out Errno error, out int taken))
        {
            session = error == Errno.OK ? new SafeFileHandle(taken, ownsHandle: true) : null;
            return error;
        }
        error = device.Retrieve(name, out session);
        // From here on its end would be that of the memory: before anything else it is given into keeping.
        if (session is not null) _ = store.Deposit(key, Number(session));
        return error;
    }

    private bool TryPreserve(LiveUpdate device, int index, SafeFileHandle segment, ref TimeSpan taken)
    {
        string name = NameOf(index);
        long start = Stopwatch.GetTimestamp();
        Errno error = device.Create(name, out SafeFileHandle? session);
        if (error != Errno.OK)
        {
            Reason = error == Errno.EEXIST
                ? $"there is a session {name} already, which is not in this server's descriptor store"
                : $"a session cannot be made: {error}";
            return false;
        }
        error = Libc.PreserveInLiveSession(Number(session!), Number(segment), TokenOf(index));
        taken += Stopwatch.GetElapsedTime(start);
        bool isKept = error == Errno.OK && store.Deposit(DescriptorName.Live(index), Number(session!));
        if (isKept)
        {
            lock (outgoing) outgoing[index] = session!;
            return true;
        }
        session!.Dispose();
        Reason = error == Errno.OK
            ? store.WhyFull(DescriptorName.Live(index)) ?? "the descriptor store does not take the sessions"
            : $"the kernel does not preserve segment {index}: {error}";
        return false;
    }

    private string NameOf(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"persistfs-{spec.Name}-{index}");

    private ulong TokenOf(int index) => index == 0 ? FirstToken : IdentityWord + (ulong)index;

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private FailureException CannotTake(int index, Errno error) => new(FailureKind.InputOutput,
        $"{spec}: the session {NameOf(index)} of the last kernel cannot be taken: {error}",
        "look who has it open, and end that");

    private FailureException HoldsOther(int index, Errno error) => new(FailureKind.NotAnArena,
        $"{spec}: the session {NameOf(index)} does not hold segment {index} of this arena: {error}",
        $"it is kept as it is; give it up with: persistfs down --discard {mountPoint}, or serve another one elsewhere");
}
