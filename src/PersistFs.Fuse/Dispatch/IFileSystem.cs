using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>A file system, as the protocol sees one: one method for each thing the kernel can ask.</summary>
/// <remarks>
/// <para>
/// A method answers with an <see cref="Errno"/>; the dispatcher replies, once for every request. Spans and names point
/// into the request and live as long as the call. What a method fills is the reply itself, zeroed before; how long the
/// kernel may cache it is not the method's to say.
/// </para>
/// <para>
/// Methods run on all workers at once, one request to a worker. An exception ends the process, unless
/// <see cref="Answers"/> knows an answer to it.
/// Permissions are the kernel's business (default_permissions), but for those that need more than mode and ACL.
/// </para>
/// <para>
/// What a file system leaves out answers ENOSYS. The kernel then does without, and mostly stops asking.
/// </para>
/// </remarks>
public interface IFileSystem
{
    /// <summary>The connection begins: told what was agreed, before the kernel is.</summary>
    /// <remarks>Called again, with the same, when INIT is sent again because a server died over it.</remarks>
    void Initialize(Negotiated negotiated);

    /// <summary>Called before the method of each request that has a reply.</summary>
    /// <returns>OK to go on; anything else is answered in the method's place.</returns>
    Errno Admit(in RequestContext context) => Errno.OK;

    /// <summary>
    /// Called after the reply to a request was written, or could not be: nothing of this request happens any more.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="isDelivered">
    /// False when the kernel had given the request up. Lookups it would have counted have then been forgotten, and
    /// handles released, by the methods for that.
    /// </param>
    void Completed(in RequestContext context, bool isDelivered)
    {
    }

    /// <summary>
    /// Called once in a session that took over, when every request that the kernel sent again has been answered: what
    /// was kept to answer others once more is of no use from here on.
    /// </summary>
    /// <remarks>
    /// No request is in hand meanwhile. Requests sent for the first time may have been served before. Not called when
    /// the session is stopped, or the connection ends, while requests sent again are still to come. Called as well
    /// where the kernel cannot send anything again and the session was started nonetheless.
    /// </remarks>
    void ReplayEnded()
    {
    }

    /// <summary>
    /// Whether an exception that a method threw has an errno for an answer; asked before the stack unwinds.
    /// </summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="answer">The answer, where there is one.</param>
    /// <returns>False where the exception tells of a bug, after which nothing more may be served.</returns>
    bool Answers(Exception exception, out Errno answer)
    {
        answer = Errno.EIO;
        return false;
    }

    /// <summary>Whether an earlier server has executed a request that the kernel sends again.</summary>
    /// <param name="context">The request; its opcode recalls an errno or an entry (<see cref="Opcodes"/>).</param>
    /// <param name="entry">The inode that it found or made, where the reply has one.</param>
    bool TryRecall(in RequestContext context, ref EntryOut entry) => false;

    /// <summary>As <see cref="TryRecall"/>, for a listing with inodes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="entries">Filled with the reply that the earlier server made.</param>
    bool TryRecallListing(in RequestContext context, ref DirectoryWriter entries) => false;

    /// <summary>
    /// Whether a request that was answered with ENOSPC is tried again. Returns when there may be room, or in the end
    /// when there is no hope of it; called again after each attempt.
    /// </summary>
    /// <param name="context">The request; its opcode awaits room (<see cref="Opcodes"/>).</param>
    /// <param name="wait">All zero in the first call for a request.</param>
    bool AwaitRoom(in RequestContext context, ref RoomWait wait) => false;

    /// <summary>LOOKUP: the inode that <paramref name="name"/> leads to in the directory; counts one lookup.</summary>
    /// <returns>ENOENT, which the kernel may remember; ENOTDIR; ESTALE when the directory is no more.</returns>
    Errno Lookup(in RequestContext context, FileName name, ref EntryOut entry);

    /// <summary>LOOKUP of ".": the inode itself, found by a file handle (ExportSupport); counts one lookup.</summary>
    /// <returns>ESTALE when there is no such inode.</returns>
    Errno LookupSelf(in RequestContext context, ref EntryOut entry) => Errno.ESTALE;

    /// <summary>LOOKUP of "..": the directory above this one (ExportSupport); counts one lookup.</summary>
    /// <returns>ESTALE when there is no such inode.</returns>
    Errno LookupParent(in RequestContext context, ref EntryOut entry) => Errno.ESTALE;

    /// <summary>FORGET, BATCH_FORGET, and replies that never arrived: lowers lookup counts. Has no reply.</summary>
    void Forget(in RequestContext context, ReadOnlySpan<ForgetOne> forgotten);

    /// <summary>GETATTR: stat(2).</summary>
    Errno GetAttributes(in RequestContext context, in GetAttributesIn request, ref NodeAttributes attributes);

    /// <summary>SETATTR: chmod(2), chown(2), truncate(2), utimensat(2), and times and size of cached writes.</summary>
    /// <returns>EFBIG, ENOSPC, EPERM, EINVAL for nanoseconds over 999,999,999.</returns>
    Errno SetAttributes(in RequestContext context, in SetAttributesIn request, ref NodeAttributes attributes) =>
        Errno.ENOSYS;

    /// <summary>STATX: statx(2), when more than GETATTR tells is asked for.</summary>
    Errno GetStatx(in RequestContext context, in StatxIn request, ref Statx status) => Errno.ENOSYS;

    /// <summary>ACCESS: access(2); not asked with default_permissions.</summary>
    Errno Access(in RequestContext context, uint mask) => Errno.ENOSYS;

    /// <summary>READLINK: readlink(2).</summary>
    /// <param name="context">The symbolic link.</param>
    /// <param name="target">Where the target goes, without a NUL; 4096 bytes.</param>
    /// <param name="length">Bytes of target.</param>
    Errno ReadLink(in RequestContext context, Span<byte> target, out int length)
    {
        length = 0;
        return Errno.EINVAL;
    }

    /// <summary>SYMLINK: symlink(2); counts one lookup.</summary>
    /// <param name="context">The directory.</param>
    /// <param name="name">The link's name.</param>
    /// <param name="target">1 to 4095 bytes without NUL.</param>
    /// <param name="entry">The new inode.</param>
    Errno MakeSymbolicLink(in RequestContext context, FileName name, ReadOnlySpan<byte> target, ref EntryOut entry) =>
        Errno.ENOSYS;

    /// <summary>MKNOD: mknod(2) and open(2) where CREATE is not answered; counts one lookup.</summary>
    /// <param name="context">The directory.</param>
    /// <param name="name">The new name.</param>
    /// <param name="mode">Type and permission bits.</param>
    /// <param name="device">Device number of a device file, in the kernel's 32-bit form.</param>
    /// <param name="entry">The new inode.</param>
    Errno MakeNode(in RequestContext context, FileName name, uint mode, uint device, ref EntryOut entry) =>
        Errno.ENOSYS;

    /// <summary>MKDIR: mkdir(2); counts one lookup.</summary>
    Errno MakeDirectory(in RequestContext context, FileName name, uint mode, ref EntryOut entry) => Errno.ENOSYS;

    /// <summary>UNLINK: unlink(2). The inode stays while it has a lookup count.</summary>
    Errno Unlink(in RequestContext context, FileName name) => Errno.ENOSYS;

    /// <summary>RMDIR: rmdir(2). The inode stays while it has a lookup count.</summary>
    /// <returns>ENOTEMPTY, ENOTDIR, ENOENT.</returns>
    Errno RemoveDirectory(in RequestContext context, FileName name) => Errno.ENOSYS;

    /// <summary>RENAME and RENAME2: renameat2(2).</summary>
    /// <returns>EINVAL for flags that are not implemented, and what rename(2) lists.</returns>
    Errno Rename(
        in RequestContext context, FileName name, NodeId newParent, FileName newName, RenameFlags flags) =>
        Errno.ENOSYS;

    /// <summary>
    /// LINK: link(2), of <paramref name="target"/> into the directory; counts one lookup of the target.
    /// </summary>
    Errno Link(in RequestContext context, NodeId target, FileName name, ref EntryOut entry) => Errno.ENOSYS;

    /// <summary>CREATE: open(2) with O_CREAT of a name not there before; counts one lookup.</summary>
    Errno Create(
        in RequestContext context, FileName name, in CreateIn request, ref EntryOut entry, ref OpenOut opened) =>
        Errno.ENOSYS;

    /// <summary>TMPFILE: open(2) with O_TMPFILE, a file without a name; counts one lookup.</summary>
    Errno MakeTemporaryFile(
        in RequestContext context, in CreateIn request, ref EntryOut entry, ref OpenOut opened) => Errno.ENOSYS;

    /// <summary>OPEN: open(2). Not called while the session runs without open files (NoOpen).</summary>
    Errno Open(in RequestContext context, in OpenIn request, ref OpenOut opened) => Errno.ENOSYS;

    /// <summary>RELEASE: the last close(2) of an open file; also of one whose OPEN reply never arrived.</summary>
    Errno Release(in RequestContext context, in ReleaseIn request) => Errno.OK;

    /// <summary>FLUSH: each close(2). ENOSYS ends the asking, and with it close(2)'s wait for the server.</summary>
    Errno Flush(in RequestContext context, in FlushIn request) => Errno.ENOSYS;

    /// <summary>READ: read(2) and page faults.</summary>
    /// <remarks>
    /// The memory handed out stays valid until <see cref="ReadDone"/>. One byte of each of its pages is read right
    /// before the kernel copies from it: a page not mapped yet would cost the caller an EIO, were the process killed.
    /// </remarks>
    Errno Read(in RequestContext context, in ReadIn request, ref IoVectorWriter segments);

    /// <summary>
    /// The reply to a READ that was answered with OK has been written: its memory is no longer looked at.
    /// </summary>
    void ReadDone(in RequestContext context)
    {
    }

    /// <summary>WRITE: write(2) and the kernel's write-back.</summary>
    /// <param name="context">The file.</param>
    /// <param name="request">Where the bytes go, and whether set-id bits are to be cleared.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="written">How many were stored; fewer than given is an error to the kernel's write-back.</param>
    /// <returns>ENOSPC, EFBIG, EIO.</returns>
    Errno Write(in RequestContext context, in WriteIn request, ReadOnlySpan<byte> data, out uint written)
    {
        written = 0;
        return Errno.EROFS;
    }

    /// <summary>FSYNC: fsync(2), fdatasync(2).</summary>
    Errno Synchronize(in RequestContext context, in SynchronizeIn request) => Errno.ENOSYS;

    /// <summary>FALLOCATE: fallocate(2).</summary>
    /// <returns>EOPNOTSUPP for modes that are not implemented; ENOSPC; EFBIG.</returns>
    Errno Allocate(in RequestContext context, in AllocateIn request) => Errno.ENOSYS;

    /// <summary>LSEEK: lseek(2) with SEEK_DATA and SEEK_HOLE.</summary>
    /// <returns>ENXIO beyond the end.</returns>
    Errno Seek(in RequestContext context, in SeekIn request, out ulong offset)
    {
        offset = 0;
        return Errno.ENOSYS;
    }

    /// <summary>COPY_FILE_RANGE: copy_file_range(2) between files of this tree.</summary>
    Errno CopyFileRange(in RequestContext context, in CopyFileRangeIn request, out ulong copied)
    {
        copied = 0;
        return Errno.ENOSYS;
    }

    /// <summary>OPENDIR: opendir(3). Not called while the session runs without open files (NoOpen).</summary>
    Errno OpenDirectory(in RequestContext context, in OpenIn request, ref OpenOut opened) => Errno.ENOSYS;

    /// <summary>
    /// READDIR, READDIRPLUS: readdir(3) from the cookie in <see cref="ReadIn.Offset"/> on, 0 at the start.
    /// </summary>
    Errno ReadDirectory(in RequestContext context, in ReadIn request, ref DirectoryWriter entries);

    /// <summary>RELEASEDIR: closedir(3).</summary>
    Errno ReleaseDirectory(in RequestContext context, in ReleaseIn request) => Errno.OK;

    /// <summary>FSYNCDIR: fsync(2) of a directory.</summary>
    Errno SynchronizeDirectory(in RequestContext context, in SynchronizeIn request) => Errno.ENOSYS;

    /// <summary>STATFS: statfs(2).</summary>
    Errno GetFileSystemStatus(in RequestContext context, ref StatFsOut status) => Errno.ENOSYS;

    /// <summary>SYNCFS: syncfs(2); not sent to an ordinary FUSE mount.</summary>
    Errno SynchronizeFileSystem(in RequestContext context) => Errno.ENOSYS;

    /// <summary>SETXATTR: setxattr(2).</summary>
    /// <param name="context">The file.</param>
    /// <param name="request">XATTR_CREATE or XATTR_REPLACE, and whether storing an ACL clears set-group-id.</param>
    /// <param name="name">1 to 255 bytes without NUL, with its namespace.</param>
    /// <param name="value">The value, up to 65,536 bytes.</param>
    /// <returns>EEXIST, ENODATA, ENOSPC, EOPNOTSUPP.</returns>
    Errno SetXattr(
        in RequestContext context, in SetXattrIn request, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Errno.ENOSYS;

    /// <summary>GETXATTR: getxattr(2).</summary>
    /// <param name="context">The file.</param>
    /// <param name="name">1 to 255 bytes without NUL, with its namespace.</param>
    /// <param name="value">Where the value goes; empty when only its length is asked for.</param>
    /// <param name="length">Bytes of value.</param>
    /// <returns>ENODATA; ERANGE when <paramref name="value"/> is not empty and too small.</returns>
    Errno GetXattr(in RequestContext context, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        length = 0;
        return Errno.ENOSYS;
    }

    /// <summary>LISTXATTR: listxattr(2), each name followed by NUL.</summary>
    /// <param name="context">The file.</param>
    /// <param name="names">Where the names go; empty when only their length is asked for.</param>
    /// <param name="length">Bytes of names.</param>
    /// <returns>ERANGE when <paramref name="names"/> is not empty and too small.</returns>
    Errno ListXattr(in RequestContext context, Span<byte> names, out int length)
    {
        length = 0;
        return Errno.ENOSYS;
    }

    /// <summary>REMOVEXATTR: removexattr(2).</summary>
    /// <returns>ENODATA.</returns>
    Errno RemoveXattr(in RequestContext context, ReadOnlySpan<byte> name) => Errno.ENOSYS;

    /// <summary>IOCTL: ioctl(2), with the input its number speaks of; FS_IOC_GETFLAGS and kin.</summary>
    /// <param name="context">The file or directory.</param>
    /// <param name="request">The number; its argument is an address of the caller's and not to be followed.</param>
    /// <param name="input">What the caller passes in.</param>
    /// <param name="output">Where the answer goes, zeroed.</param>
    /// <param name="length">Bytes of answer.</param>
    /// <returns>ENOTTY for numbers not known.</returns>
    Errno Control(
        in RequestContext context, in IoctlIn request, ReadOnlySpan<byte> input, Span<byte> output, out int length)
    {
        length = 0;
        return Errno.ENOTTY;
    }
}
