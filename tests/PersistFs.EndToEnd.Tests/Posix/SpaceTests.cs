using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>statfs, and what happens at the brim. Nobody else uses the room of this class's tree.</summary>
public sealed class SpaceTests(SmallTree small) : TreeTest(small.Tree), IClassFixture<SmallTree>
{
    private const int Piece = 1 << 20;

    [RootFact]
    public void Statfs_tells_block_size_name_length_and_room()
    {
        Statvfs status = Room();
        Assert.Equal(4096UL, status.f_frsize);
        Assert.Equal(255UL, status.f_namemax);
        Assert.InRange(status.f_blocks * status.f_frsize, 16UL << 20, 64UL << 20);
        Assert.InRange(status.f_bavail, 1UL, status.f_blocks);
        Assert.InRange(status.f_ffree, 1UL, status.f_files);
    }

    [RootFact]
    public void Room_is_taken_by_writing_and_given_back_by_removing()
    {
        ulong before = Room().f_bavail;
        using (Descriptor file = Descriptor.Create(At("file")))
        {
            WriteUntilFull(file, 8 * Piece);
            Assert.InRange(before - Room().f_bavail, 8UL * Piece / 4096, 12UL * Piece / 4096);
        }

        Succeeds(Syscall.unlink(At("file")));
        // The kernel lets go of a removed file when it has the time.
        Stopwatch waited = Stopwatch.StartNew();
        while (Room().f_bavail < before - 64 && waited.Elapsed.TotalSeconds < 30) Thread.Yield();
        Assert.InRange(Room().f_bavail, before - 64, before + 64);
    }

    [RootFact]
    public void Who_removes_a_file_to_make_room_has_it_at_once()
    {
        long most = (long)(Room().f_bavail * 4096 / Piece * 3 / 4) * Piece;
        for (int round = 0; round < 40; round++)
        {
            using (Descriptor file = Descriptor.Create(At("most of it")))
            {
                Assert.Equal(default, WriteUntilFull(file, most));
            }

            Succeeds(Syscall.unlink(At("most of it")));
        }
    }

    [RootFact]
    public void A_full_tree_refuses_data_keeps_what_it_has_and_recovers_by_deletion()
    {
        byte[] kept = new byte[300_000];
        new Random(4).NextBytes(kept);
        using (Descriptor file = Descriptor.Create(At("kept")))
        {
            file.Write(kept);
            Succeeds(Syscall.fsync(file.Number));
        }

        for (int round = 0; round < 3; round++)
        {
            using (Descriptor file = Descriptor.Create(At("filler")))
            {
                Assert.Equal(Errno.ENOSPC, WriteUntilFull(file, 1L << 30));
            }

            AssertEveryOperationSucceedsOrIsRefusedForWantOfRoom();
            using (Descriptor file = Descriptor.Open(At("kept"), OpenFlags.O_RDONLY))
            {
                Assert.Equal(kept, file.ReadAt(0, kept.Length + 1));
            }

            Succeeds(Syscall.unlink(At("filler")));
            Tool.Run("rm", "-rf", At("brim"));
        }

        using Descriptor again = Descriptor.Create(At("again"));
        Assert.Equal(default, WriteUntilFull(again, 10 * Piece));
    }

    [RootFact]
    public void Creating_files_ends_with_ENOSPC_and_every_one_of_them_can_be_removed()
    {
        int count = 0;
        while (Syscall.mknod(At($"file-{count}"), FilePermissions.S_IFREG | Mode(644), 0) == 0)
        {
            Assert.True(++count < 1_000_000, "a tree of 32 MiB took a million files");
        }

        Assert.Equal(Errno.ENOSPC, Stdlib.GetLastError());
        Assert.Equal(count, NamesIn(Here).Count());
        for (int i = 0; i < count; i++) Succeeds(Syscall.unlink(At($"file-{i}")));
        NewFile("room again", "text");
    }

    [RootFact]
    public void An_allocation_larger_than_the_tree_is_refused_and_leaves_its_room()
    {
        ulong before = Room().f_bavail;
        using Descriptor file = Descriptor.Create(At("file"));
        Fails(Errno.ENOSPC, Kernel.Allocate(file.Number, 0, 0, 1L << 30));
        Assert.InRange(Room().f_bavail, before - 64, before);
        Assert.Equal(0, file.Size);
    }

    private void AssertEveryOperationSucceedsOrIsRefusedForWantOfRoom()
    {
        Allowed(Syscall.mkdir(At("brim"), Mode(755)));
        for (int i = 0; i < 50; i++)
        {
            Allowed(Syscall.mkdir(At($"brim/folder{i}"), Mode(755)));
            Allowed(Syscall.mknod(At($"brim/{new string('n', 200)}{i}"), FilePermissions.S_IFREG | Mode(644), 0));
            Allowed(Syscall.symlink(new string('t', 3000), At($"brim/symlink{i}")));
            Allowed(Syscall.link(At("kept"), At($"brim/link{i}")));
            Allowed(Syscall.setxattr(At("kept"), $"user.{i}", new byte[10_000]));
            Allowed(Syscall.rename(At($"brim/link{i}"), At($"brim/renamed{i}")));
            Allowed(Syscall.truncate(At("filler"), (32L << 20) - i));
        }

        for (int i = 0; i < 50; i++)
        {
            int result = Syscall.removexattr(At("kept"), $"user.{i}");
            Assert.True(result == 0 || Stdlib.GetLastError() == Errno.ENODATA);
        }

        static void Allowed(int result)
        {
            // ENOENT: the directory or the link before it had no room.
            Errno errno = result == 0 ? default : Stdlib.GetLastError();
            Assert.Contains(errno, new[] { default, Errno.ENOSPC, Errno.ENOENT });
        }
    }

    /// <summary>Writes and synchronises piece by piece: with write-back it is fsync that tells of a shortage.</summary>
    private static unsafe Errno WriteUntilFull(Descriptor file, long limit)
    {
        byte[] piece = new byte[Piece];
        Array.Fill(piece, (byte)0xa5);
        fixed (byte* start = piece)
        {
            for (long at = 0; at < limit;)
            {
                nint written = Kernel.WriteAt(file.Number, start, Piece, at);
                if (written < 0 || Syscall.fsync(file.Number) < 0) return Stdlib.GetLastError();
                at += written;
            }
        }

        return default;
    }

    private Statvfs Room()
    {
        Succeeds(Syscall.statvfs(Here, out Statvfs status));
        return status;
    }
}
