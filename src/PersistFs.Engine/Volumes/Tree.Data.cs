using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>What the operations on contents share: checks, times, the map, zeros behind the end.</summary>
public sealed partial class Tree
{
    /// <summary>The largest size of a file: 2^63-1 bytes, as MAX_LFS_FILESIZE of linux/fs.h.</summary>
    public const ulong FileSizeMax = long.MaxValue;

    private ExtentMap MapOf(InodeNumber inode, ref readonly InodeRecord record) => new(space, inode, in record);

    /// <summary>
    /// Whether the contents of an inode can be changed; its lock is held exclusively. Finishes what is pending.
    /// </summary>
    /// <returns>EROFS, ESTALE, EISDIR, or EINVAL for what is no regular file.</returns>
    private Errno OpenForChange(Worker worker, InodeNumber inode)
    {
        Errno error = RequireChangeable(inode);
        if (error == Errno.OK) error = RequireContents(inode);
        if (error == Errno.OK) FinishTrim(worker, inode);
        return error;
    }

    /// <summary>ESTALE, EISDIR, EINVAL for what is no regular file, or OK. The inode's lock is held.</summary>
    private Errno RequireContents(InodeNumber inode)
    {
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        uint mode = inodes.At(inode).Mode;
        if (ModeBits.IsDirectory(mode)) return Errno.EISDIR;
        return ModeBits.IsRegular(mode) ? Errno.OK : Errno.EINVAL;
    }

    /// <summary>The kind of a file's contents, and that its size is one.</summary>
    /// <exception cref="ArenaCorruptException">It is none that a file of this version has.</exception>
    private static ContentsKind KindOf(ref readonly InodeRecord record)
    {
        ContentsKind kind = new ContentsWord(record.ContentsWord).Kind;
        bool isKnown = kind is ContentsKind.None or ContentsKind.Packed or ContentsKind.Mapped;
        if (!isKnown || record.Size > FileSizeMax)
            throw new ArenaCorruptException($"A file has contents of kind {(int)kind} and {record.Size} bytes.");
        return kind;
    }

    /// <summary>File blocks up to and with the one that holds byte <paramref name="size"/> - 1.</summary>
    private static ulong BlocksOf(ulong size) => (size + Layout.BlockSizeInBytes - 1) >> Layout.BlockSizeLog2;

    /// <summary>Stores the times of a change of contents, where they are not the same already.</summary>
    private static void NoteChange(Transaction transaction, ref readonly InodeRecord record, bool isModified = true)
    {
        long now = Libc.FileTimeNow();
        if (isModified && record.ModificationTime != now) transaction.Set(in record.ModificationTime, now);
        if (record.ChangeTime != now) transaction.Set(in record.ChangeTime, now);
    }

    private static void SetSize(Transaction transaction, ref readonly InodeRecord record, ulong size)
    {
        if (record.Size != size) transaction.Set(in record.Size, size);
    }

    private static void AddBlocks(Transaction transaction, ref readonly InodeRecord record, ulong count)
    {
        if (count != 0) transaction.Set(in record.BlockCount, record.BlockCount + count);
    }

    /// <summary>
    /// Clears set-user-id, set-group-id where the group may execute, and capabilities (FUSE_HANDLE_KILLPRIV_V2).
    /// </summary>
    private void DropPrivileges(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, uint killed = 0)
    {
        uint mode = WithoutSetIds(record.Mode) & ~killed;
        if (mode != record.Mode)
        {
            transaction.Set(in record.Mode, mode);
            transaction.Worker.HasDroppedPrivileges = true;
        }
        RemoveCapability(transaction, inode, in record);
    }

    /// <summary>
    /// Drops privileges before a change for which the kernel does not say whether it ends them: fallocate(2) and
    /// copy_file_range(2). That the caller is root stands for CAP_FSETID.
    /// </summary>
    private void EndPrivileges(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, in Credentials caller)
    {
        if (caller.UserId == 0) return;
        // Set-group-id without group execute stays for members of the group; further groups are not known here.
        uint killed = caller.GroupId == record.GroupId ? 0 : ModeBits.SetGroupId;
        using Transaction transaction = worker.Begin();
        DropPrivileges(transaction, inode, in record, killed);
        transaction.Commit();
    }

    /// <summary>
    /// Zeroes what lies behind the size in the block or frame that holds the last byte, before the size grows over it.
    /// </summary>
    /// <param name="transaction">Of the growth.</param>
    /// <param name="map">The file's map.</param>
    /// <param name="size">The size before.</param>
    /// <param name="end">Byte from which on there is no need: what is there will be overwritten.</param>
    private static void ZeroTail(Transaction transaction, ExtentMap map, ulong size, ulong end)
    {
        if (size == 0 || end <= size) return;
        ulong last = (size - 1) >> Layout.BlockSizeLog2;
        Extent extent = map.Find(last, 1);
        if (extent.IsHole) return;
        ulong behind = extent.IsFrame ? last - last % Layout.BlocksPerFrame + Layout.BlocksPerFrame : last + 1;
        ulong stop = Math.Min(end, behind << Layout.BlockSizeLog2);
        if (stop <= size) return;
        transaction.ZeroData(extent.Pointer + (size - (last << Layout.BlockSizeLog2)), (int)(stop - size));
    }

    /// <summary>
    /// Allocates a block for a place that is a hole, and puts it there. Its bytes are whatever was there before.
    /// </summary>
    private static ArenaPointer AllocateInto(Transaction transaction, ExtentMap map, InodeNumber inode, ulong block)
    {
        ArenaPointer pointer = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, inode, 0, block));
        map.InsertBlock(transaction, block, pointer);
        return pointer;
    }

    /// <summary>Puts a data frame into a place that is free, if a frame can be had.</summary>
    private static bool TryAllocateFrameInto(
        Transaction transaction, ExtentMap map, InodeNumber inode, ulong block, out ArenaPointer pointer,
        out bool isZeroed)
    {
        if (!transaction.TryAllocateDataFrame(inode, block, out pointer, out isZeroed)) return false;
        map.InsertFrame(transaction, block, pointer);
        return true;
    }
}
