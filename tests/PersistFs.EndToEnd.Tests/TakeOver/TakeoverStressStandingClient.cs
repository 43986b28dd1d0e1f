using System.Text;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>What a process holds and does not let go of: locks, a watch, files without names.</summary>
internal sealed class TakeoverStressStandingClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000, CreatedOrDeleted = 0x100 | 0x200;
    private const int LockExclusive = 2, LockWithoutWaiting = 4, SetDescriptionLock = 37, NamelessCount = 20;

    private readonly List<Descriptor> nameless = [];
    private Descriptor? locked;
    private Descriptor? rangeLocked;
    private Descriptor? watcher;

    public override void Dispose()
    {
        base.Dispose();
        foreach (Descriptor one in nameless) one.Dispose();
        locked?.Dispose();
        rangeLocked?.Dispose();
        watcher?.Dispose();
    }

    protected override void Open()
    {
        Succeeds(Syscall.mkdir($"{Home}/watched", Mode(755)));
        watcher = Descriptor.Adopt(Kernel.WatchInit(NonBlocking | CloseOnExec));
        Succeeds(Kernel.WatchAdd(watcher.Number, $"{Home}/watched", CreatedOrDeleted));
        locked = Descriptor.Create($"{Home}/locked");
        Succeeds(Kernel.Flock(locked.Number, LockExclusive));
        rangeLocked = Descriptor.Create($"{Home}/range-locked");
        FileLock range = Range();
        Succeeds(Kernel.FcntlLock(rangeLocked.Number, SetDescriptionLock, ref range));
        for (int i = 0; i < NamelessCount; i++)
        {
            Descriptor file = Descriptor.Create($"{Home}/nameless");
            file.WriteAt(0, Text(i));
            Succeeds(Syscall.unlink($"{Home}/nameless"));
            nameless.Add(file);
        }
    }

    protected override void Round()
    {
        int i = Random.Next(NamelessCount);
        Assert.Equal(0UL, nameless[i].Status.st_nlink);
        Assert.Equal(Text(i), nameless[i].ReadAt(0, 1000));
        nameless[i].WriteAt(0, Text(i));
        Succeeds(Syscall.fsync(nameless[i].Number));
        AssertLocksAreHeld();
        AssertWatchSees($"{Home}/watched/name{Rounds}");
    }

    /// <summary>Through other descriptions the locks are refused.</summary>
    private void AssertLocksAreHeld()
    {
        using Descriptor other = Descriptor.Open($"{Home}/locked", OpenFlags.O_RDWR);
        Fails(Errno.EWOULDBLOCK, Kernel.Flock(other.Number, LockExclusive | LockWithoutWaiting));
        using Descriptor otherRange = Descriptor.Open($"{Home}/range-locked", OpenFlags.O_RDWR);
        FileLock range = Range();
        Fails(Errno.EAGAIN, Kernel.FcntlLock(otherRange.Number, SetDescriptionLock, ref range));
    }

    private void AssertWatchSees(string path)
    {
        Descriptor.Create(path).Dispose();
        Succeeds(Syscall.unlink(path));
        byte[] events = new byte[4096];
        long length;
        unsafe
        {
            fixed (byte* start = events) length = Succeeds(Syscall.read(watcher!.Number, start, (ulong)events.Length));
        }

        // struct inotify_event: descriptor, mask, cookie, length of the name, name.
        List<uint> masks = [];
        for (int at = 0; at < length; at += 16 + BitConverter.ToInt32(events, at + 12))
        {
            masks.Add(BitConverter.ToUInt32(events, at + 4));
        }

        Assert.Equal([0x100u, 0x200u], masks);
    }

    private static FileLock Range() => new() { Type = 1, Start = 10, Length = 20 };

    private static byte[] Text(int i) => Encoding.ASCII.GetBytes($"file {i} without a name");
}
