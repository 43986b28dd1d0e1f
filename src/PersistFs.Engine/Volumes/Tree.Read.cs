using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Contents;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Bytes read: read(2), pread(2), readlink(2).</summary>
public sealed partial class Tree
{
    private const long NanosecondsPerDay = 86_400L * 1_000_000_000;

    /// <summary>
    /// Segments that a read of <paramref name="length"/> bytes may need: one for each block it touches.
    /// </summary>
    public static int SegmentsMax(uint length) => (int)(length >> Layout.BlockSizeLog2) + 2;

    /// <summary>Hands out where bytes of a file are; nothing is copied.</summary>
    /// <remarks>
    /// On success the memory stays as it is until <see cref="EndRead"/>, which must follow before this worker does
    /// anything else: the inode's lock is held. On an error nothing is held. Holes are shown by shared zeros.
    /// </remarks>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A regular file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes at most.</param>
    /// <param name="segments">Receives the memory; has room for <see cref="SegmentsMax"/> of the length.</param>
    /// <param name="segmentCount">Segments filled in.</param>
    /// <param name="bytesRead">Bytes in all of them; less than asked for only at the end of the file.</param>
    /// <returns>ESTALE, EISDIR, or EINVAL for what is no regular file.</returns>
    public Errno Read(
        Worker worker, InodeNumber inode, ulong offset, uint length, Span<IoVector> segments, out int segmentCount,
        out uint bytesRead)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segments.Length, SegmentsMax(length));
        segmentCount = 0;
        bytesRead = 0;
        InodeGuard guard = locks.Share(worker, inode);
        bool isHeld = false;
        try
        {
            Errno error = RequireContents(inode);
            if (error != Errno.OK) return error;
            ref readonly InodeRecord record = ref inodes.At(inode);
            uint available = offset < record.Size ? (uint)Math.Min(length, record.Size - offset) : 0;
            segmentCount = ContentsOf(inode, in record).Gather(offset, available, segments);
            bytesRead = available;
            if (available > 0) NoteAccess(in record);
            worker.ReadStripe = InodeLocks.StripeOf(inode);
            isHeld = true;
            return Errno.OK;
        }
        finally
        {
            if (!isHeld) guard.Dispose();
        }
    }

    /// <summary>The memory of the worker's last read is no longer looked at. Without one, nothing happens.</summary>
    public void EndRead(Worker worker)
    {
        if (worker.ReadStripe < 0) return;
        locks.ExitShared(worker.ReadStripe);
        worker.ReadStripe = -1;
        worker.Leave();
    }

    /// <summary>When reading sets access times; to be set before anything is read.</summary>
    public AccessTimePolicy AccessTimes { get; set; }

    /// <summary>readlink(2): copies where a symbolic link leads.</summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A symbolic link.</param>
    /// <param name="target">Receives the target; a longer one is cut.</param>
    /// <param name="length">Bytes copied.</param>
    /// <returns>ESTALE, or EINVAL for anything else.</returns>
    public Errno ReadLink(Worker worker, InodeNumber inode, Span<byte> target, out int length)
    {
        length = 0;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (!ModeBits.IsSymbolicLink(record.Mode)) return Errno.EINVAL;
        ReadOnlySpan<byte> stored = ContentsOf(inode, in record).Target();
        length = Math.Min(stored.Length, target.Length);
        stored[..length].CopyTo(target);
        NoteAccess(in record);
        return Errno.OK;
    }

    /// <summary>Stores the access time where <see cref="AccessTimes"/> and the file's own flag have it so.</summary>
    private void NoteAccess(ref readonly InodeRecord record)
    {
        if (volume.State == VolumeState.ReadOnly || AccessTimes == AccessTimePolicy.Never) return;
        if ((record.Flags & InodeFlags.NoAccessTime) != 0) return;
        long accessed = record.AccessTime;
        long now = Libc.FileTimeNow();
        bool isChangedSince = accessed <= record.ModificationTime || accessed <= record.ChangeTime;
        bool isDue = isChangedSince || now - accessed >= NanosecondsPerDay || AccessTimes == AccessTimePolicy.Always;
        if (isDue && accessed != now) Store.Word(ref Unsafe.AsRef(in record.AccessTime), now);
    }
}
