namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>flock, POSIX record locks and open file description locks.</summary>
[Collection(PosixCollection.Name)]
public sealed class LockTests(MountedTree tree) : TreeTest(tree)
{
    private const int Shared = 1, Exclusive = 2, NonBlocking = 4, Unlock = 8;
    private const int PosixSet = 6, DescriptionGet = 36, DescriptionSet = 37, DescriptionSetAndWait = 38;
    private const short ReadLock = 0, WriteLock = 1, NoLock = 2;

    [RootFact]
    public void Flock_excludes_another_open_of_the_file()
    {
        string path = NewFile("file");
        using Descriptor first = Descriptor.Open(path, OpenFlags.O_RDWR);
        using Descriptor second = Descriptor.Open(path, OpenFlags.O_RDWR);
        Succeeds(Kernel.Flock(first.Number, Shared));
        Succeeds(Kernel.Flock(second.Number, Shared | NonBlocking));
        Fails(Errno.EWOULDBLOCK, Kernel.Flock(first.Number, Exclusive | NonBlocking));
        Succeeds(Kernel.Flock(second.Number, Unlock));
        Succeeds(Kernel.Flock(first.Number, Exclusive | NonBlocking));
        Fails(Errno.EWOULDBLOCK, Kernel.Flock(second.Number, Shared | NonBlocking));
        first.Dispose();
        Succeeds(Kernel.Flock(second.Number, Exclusive | NonBlocking));
    }

    [RootFact]
    public void Description_locks_exclude_by_range()
    {
        string path = NewFile("file");
        using Descriptor first = Descriptor.Open(path, OpenFlags.O_RDWR);
        using Descriptor second = Descriptor.Open(path, OpenFlags.O_RDWR);
        Succeeds(Lock(first, DescriptionSet, WriteLock, 100, 50));
        Fails(Errno.EAGAIN, Lock(second, DescriptionSet, ReadLock, 149, 1));
        Succeeds(Lock(second, DescriptionSet, WriteLock, 150, 10));
        Succeeds(Lock(first, DescriptionSet, NoLock, 120, 10));
        Succeeds(Lock(second, DescriptionSet, WriteLock, 120, 10));
        FileLock query = new() { Type = WriteLock, Start = 0, Length = 0 };
        Succeeds(Kernel.FcntlLock(second.Number, DescriptionGet, ref query));
        Assert.Equal((WriteLock, 100, 20), (query.Type, query.Start, query.Length));
    }

    [RootFact]
    public void A_waiting_lock_is_granted_when_the_holder_lets_go()
    {
        string path = NewFile("file");
        using Descriptor holder = Descriptor.Open(path, OpenFlags.O_RDWR);
        Succeeds(Lock(holder, DescriptionSet, WriteLock, 0, 0));
        using Descriptor waiter = Descriptor.Open(path, OpenFlags.O_RDWR);
        bool released = false, inOrder = false;
        Thread thread = new(() =>
        {
            Succeeds(Lock(waiter, DescriptionSetAndWait, WriteLock, 0, 0));
            inOrder = Volatile.Read(ref released);
        });
        thread.Start();
        Volatile.Write(ref released, true);
        Succeeds(Lock(holder, DescriptionSet, NoLock, 0, 0));
        thread.Join();
        Assert.True(inOrder);
    }

    [RootFact]
    public void A_posix_lock_belongs_to_the_process_and_goes_with_the_first_close()
    {
        string path = NewFile("file");
        using Descriptor owner = Descriptor.Open(path, OpenFlags.O_RDWR);
        using Descriptor other = Descriptor.Open(path, OpenFlags.O_RDWR);
        Succeeds(Lock(owner, PosixSet, WriteLock, 0, 10));
        Succeeds(Lock(other, PosixSet, WriteLock, 0, 10));
        FileLock query = new() { Type = WriteLock, Start = 5, Length = 1 };
        Succeeds(Kernel.FcntlLock(other.Number, DescriptionGet, ref query));
        Assert.Equal((WriteLock, Environment.ProcessId), (query.Type, query.ProcessId));
        Descriptor.Open(path, OpenFlags.O_RDONLY).Dispose();
        Succeeds(Lock(other, DescriptionSet, WriteLock, 0, 10));
    }

    [RootFact(Tools = "flock")]
    public void Another_process_is_kept_out_by_flock()
    {
        string path = NewFile("file");
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR);
        Succeeds(Kernel.Flock(file.Number, Exclusive));
        Assert.Equal(7, Tool.Try("flock", "--nonblock", "--conflict-exit-code", "7", path, "true").ExitCode);
        Succeeds(Kernel.Flock(file.Number, Unlock));
        Tool.Run("flock", "--nonblock", path, "true");
    }

    [RootFact]
    public void A_write_lock_needs_a_descriptor_open_for_writing()
    {
        using Descriptor reader = Descriptor.Open(NewFile("file"), OpenFlags.O_RDONLY);
        Fails(Errno.EBADF, Lock(reader, PosixSet, WriteLock, 0, 1));
        Succeeds(Lock(reader, PosixSet, ReadLock, 0, 1));
    }

    private static int Lock(Descriptor file, int command, short type, long start, long length)
    {
        FileLock fileLock = new() { Type = type, Start = start, Length = length };
        return Kernel.FcntlLock(file.Number, command, ref fileLock);
    }
}
