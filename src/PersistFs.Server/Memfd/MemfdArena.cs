using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;
using PersistFs.Server.Supervision;

namespace PersistFs.Server.Memfd;

/// <summary>An arena in memory that a descriptor store keeps, as its server has it.</summary>
/// <remarks>
/// What is in keeping is never locked: the engine opens each segment anew. The kernel's sessions hold the files that
/// are in keeping, for the same reason.
/// </remarks>
internal sealed class MemfdArena : SegmentStore, IDisposable
{
    private readonly DescriptorStore store;
    private readonly string mountPoint;
    private readonly MemfdName spec;
    private readonly Action<string> tell;
    private readonly LiveUpdateSessions live;
    private readonly List<SafeFileHandle> segments = [];
    private bool isFullTold;

    /// <param name="store">What keeps it.</param>
    /// <param name="mountPoint">Where it is served.</param>
    /// <param name="spec">Which it is.</param>
    /// <param name="tell">Told what the operator wants to know.</param>
    public MemfdArena(DescriptorStore store, string mountPoint, MemfdName spec, Action<string> tell)
    {
        this.tell = tell;
        this.store = store;
        this.mountPoint = mountPoint;
        this.spec = spec;
        live = new LiveUpdateSessions(store, mountPoint, spec);
    }

    public override bool IsPinned => live.Count > 0;

    /// <summary>Numbers of this process's descriptors of the segments, in their order.</summary>
    public IReadOnlyList<int> Descriptors
    {
        get
        {
            lock (segments) return [.. segments.Select(Number)];
        }
    }

    public LiveUpdateStatus Status
    {
        get
        {
            lock (segments) return new LiveUpdateStatus(segments.Count, live.Count, live.Reason, live.Milliseconds);
        }
    }

    /// <summary>Takes what is in keeping, or what the last kernel has left.</summary>
    /// <param name="wait">How long to wait for /dev/liveupdate.</param>
    /// <returns>Whether there is an arena; if not, one may be made.</returns>
    /// <exception cref="FailureException">A segment is missing, or what is there is something else.</exception>
    public bool TryTake(TimeSpan wait)
    {
        using (PreviousKernel lastKernel = new(spec, wait))
        {
            if (!TryTake(lastKernel, 0))
            {
                DropStray();
                return false;
            }
            if (SegmentHeader.Read(segments[0]) is not { } head)
            {
                throw new FailureException(FailureKind.ForeignConnection,
                    $"{spec}: what is kept as its first segment begins no arena; it is kept as it is",
                    $"give it up with: persistfs down --discard {mountPoint}");
            }
            live.IdentityWord = head.IdentityWord;
            for (int index = 1; index < head.SegmentCount; index++)
            {
                if (TryTake(lastKernel, index)) continue;
                // Made since this process was: the engine asks for it once the other has let go of the arena.
                if (store.IsStandby) return true;
                throw IsMissing(index, head.SegmentCount);
            }
        }
        // One that is in keeping and that the arena does not know of yet is the other server's.
        if (store.IsStandby) return true;
        // One more may be in keeping, of a server that died before the arena knew of it.
        int next = segments.Count;
        if (store.Take(DescriptorName.Arena(next)) is >= 0 and var stray) Forget(next, stray);
        return true;
    }

    /// <summary>The arena as the engine opens it; <see cref="TryTake(TimeSpan)"/> has found it.</summary>
    public ArenaSource Source => new(spec.ToString(), spec.Name, segments, this);

    /// <summary>Makes the arena, and gives it into keeping once it is whole.</summary>
    /// <exception cref="FailureException">There is no memory, or nobody keeps it.</exception>
    public void Make(FormatOptions options)
    {
        try
        {
            VolumeFormatter.Format(spec.ToString(), spec.Name, this, options);
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
        if (!store.Deposit(DescriptorName.Arena(0), Number(segments[0]))) throw NotHeld(spec);
    }

    /// <summary>
    /// Once the volume is open: ends what the last kernel has left, and has this one hand the segments to the next.
    /// </summary>
    public void GoLive(Volume volume)
    {
        live.FinishIncoming();
        live.IdentityWord = volume.IdentityWord;
        if (live.Count == segments.Count || !live.CanPreserve()) return;
        Errno error = volume.FillSegments();
        if (error == Errno.OK) _ = live.TryPreserve(segments);
        else live.GiveUp($"there is not enough memory for all of its segments: {error}");
    }

    public override Errno TryMake(int index, ulong lengthInBytes, out SafeFileHandle? segment)
    {
        segment = null;
        if (store.Kind != DescriptorStoreKind.None && store.WhyFull(DescriptorName.Arena(index)) is { } reason)
        {
            TellFull(reason);
            return Errno.ENOSPC;
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"persistfs-{spec.Name}-{index}");
        Errno error = Libc.CreateMemoryFile(name, spec.IsHuge, out int descriptor);
        if (error != Errno.OK) return Errno.ENOSPC;
        var kept = new SafeFileHandle(descriptor, ownsHandle: true);
        error = Libc.Truncate(kept, lengthInBytes);
        bool isPinned = IsPinned;
        if (error == Errno.OK && isPinned) error = Fill(kept, lengthInBytes);
        if (error == Errno.OK) error = TryReopen(kept, out segment);
        // The first is given into keeping when there is an arena in it.
        bool isKept = error == Errno.OK
            && (index == 0 || store.Kind == DescriptorStoreKind.None
                || store.Deposit(DescriptorName.Arena(index), descriptor));
        if (!isKept)
        {
            segment?.Dispose();
            kept.Dispose();
            segment = null;
            return Errno.ENOSPC;
        }
        lock (segments) segments.Add(kept);
        if (isPinned) _ = live.TryPreserve(segments);
        return Errno.OK;
    }

    public override Errno TryFind(int index, out SafeFileHandle? segment)
    {
        segment = null;
        string? path = SupervisorClient.PathOf(mountPoint, DescriptorName.Arena(index));
        if (path is null) return Errno.ENOENT;
        Errno error = TryOpen(path, out SafeFileHandle? kept);
        if (error == Errno.OK) error = TryReopen(kept!, out segment);
        if (error != Errno.OK) return error;
        lock (segments)
        {
            if (index == segments.Count)
            {
                segments.Add(kept!);
                return Errno.OK;
            }
            segments[index].Dispose();
            segments[index] = kept!;
        }
        return Errno.OK;
    }

    public override void Drop(int index)
    {
        live.Drop(index);
        store.Remove(DescriptorName.Live(index));
        store.Remove(DescriptorName.Arena(index));
        lock (segments)
        {
            if (index >= segments.Count) return;
            segments[index].Dispose();
            segments.RemoveAt(index);
        }
    }

    public void Dispose()
    {
        live.Dispose();
        foreach (SafeFileHandle segment in segments) segment.Dispose();
    }

    /// <summary>Nobody would have the arena's memory when its server dies.</summary>
    public static FailureException NotHeld(MemfdName spec) => new(FailureKind.NotHeld,
        $"{spec}: nobody would hold this memory: it would be gone with the server",
        "use persistfs up, or a unit with FileDescriptorStoreMax=, or a path with --arena");

    /// <summary>Once: every call that finds no room comes here.</summary>
    private void TellFull(string reason)
    {
        if (isFullTold) return;
        isFullTold = true;
        tell($"{spec}: the arena cannot grow: {reason}");
    }

    private bool TryTake(PreviousKernel lastKernel, int index)
    {
        int kept = store.Take(DescriptorName.Arena(index));
        if (kept >= 0)
        {
            var segment = new SafeFileHandle(kept, ownsHandle: true);
            RequireMemory(index, segment);
            segments.Add(segment);
            live.TakeKept(index, segment);
            return true;
        }
        if (live.TakeSegment(lastKernel, index) is not { } retrieved) return false;
        segments.Add(retrieved);
        if (store.Deposit(DescriptorName.Arena(index), Number(retrieved))) return true;
        throw store.WhyFull(DescriptorName.Arena(index)) is { } reason
            ? new FailureException(FailureKind.NotHeld, $"{spec}: {reason}", "make room there, and start it again")
            : NotHeld(spec);
    }

    /// <summary>Segments without a first one are what a server has left that died while it made an arena.</summary>
    private void DropStray()
    {
        for (int index = 1; store.HasArena && index < DescriptorName.IndexEnd; index++)
        {
            if (store.Take(DescriptorName.Arena(index)) is >= 0 and var stray) Forget(index, stray);
            if (store.Take(DescriptorName.Live(index)) is >= 0 and var session) Libc.Close(session);
        }
    }

    private void Forget(int index, int descriptor)
    {
        Libc.Close(descriptor);
        store.Remove(DescriptorName.Live(index));
        store.Remove(DescriptorName.Arena(index));
    }

    private void RequireMemory(int index, SafeFileHandle segment)
    {
        bool isMemory = Libc.FileSystemType(segment, out ulong type) == Errno.OK
            && type is Libc.TmpfsMagic or Libc.HugetlbfsMagic;
        if (isMemory) return;
        throw new FailureException(FailureKind.ForeignConnection,
            $"{spec}: what is kept as segment {index} is no memory; nothing was touched",
            $"end the process that keeps it, and then: persistfs up {mountPoint}");
    }

    /// <summary>Takes all memory of a file at once, in large pages where there are some.</summary>
    private static Errno Fill(SafeFileHandle file, ulong length)
    {
        Errno error = Libc.MapFile(file, (nuint)length, 2 << 20, isPrivate: false, out nint address);
        if (error != Errno.OK) return error;
        _ = Libc.AdviseHugePages(address, (nuint)length);
        error = Libc.Populate(address, (nuint)length);
        _ = Libc.Unmap(address, (nuint)length);
        return error;
    }

    private static Errno TryReopen(SafeFileHandle kept, out SafeFileHandle? opened) =>
        TryOpen(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Number(kept)}"), out opened);

    private static Errno TryOpen(string path, out SafeFileHandle? opened)
    {
        Errno error = Libc.Open(path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int descriptor);
        opened = error == Errno.OK ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        return error;
    }

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private FailureException IsMissing(int index, int count) => new(FailureKind.WrongSize,
        $"{spec}: the arena has {count} segments, and segment {index} is missing; the others are kept as they are",
        $"restore a saved image to a file; give up what is left with: persistfs down --discard {mountPoint}");
}
