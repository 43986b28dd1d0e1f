using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>An arena in a file: on hugetlbfs, on tmpfs, or on a disk.</summary>
/// <remarks>
/// The lock belongs to the description opened here, which is never passed on: it goes when this process does.
/// </remarks>
internal sealed partial class FileBacking : Backing
{
    private readonly SafeFileHandle handle;
    private readonly ulong fileSystemType;
    private nint address;

    private FileBacking(string path, SafeFileHandle handle, ulong length)
    {
        Name = path;
        this.handle = handle;
        Length = length;
        _ = Libc.FileSystemType(handle, out fileSystemType);
    }

    public override string Name { get; }

    /// <summary>The open file, for a look before the whole of it is mapped.</summary>
    public SafeFileHandle Handle => handle;

    public override BackingKind Kind => fileSystemType switch
    {
        Libc.HugetlbfsMagic => HugePages,
        Libc.TmpfsMagic => Tmpfs,
        _ => Disk,
    };

    public override ulong Length { get; }

    public override bool GivesZeros => true;

    public override ulong AllocatedBytes
    {
        get
        {
            _ = Libc.FileExtent(handle, out _, out ulong allocated);
            return allocated;
        }
    }

    /// <summary>
    /// Opens an existing file and takes its lock; creates it first where <paramref name="create"/> says so.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="create">Whether to create it.</param>
    /// <param name="readOnly">Only to look at it: nothing is locked.</param>
    /// <param name="waits">Whether to wait, for ever if need be, while it is locked.</param>
    /// <exception cref="ArenaException">
    /// It does not exist, is no regular file, is locked or cannot be opened.
    /// </exception>
    public static FileBacking Open(string path, bool create, bool readOnly = false, bool waits = false)
    {
        SafeFileHandle handle;
        try
        {
            FileMode mode = create ? FileMode.OpenOrCreate : FileMode.Open;
            FileAccess access = readOnly ? FileAccess.Read : FileAccess.ReadWrite;
            handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Explain(path, exception);
        }
        try
        {
            return Take(path, handle, readOnly, waits);
        }
        catch (ArenaException)
        {
            handle.Dispose();
            throw;
        }
    }

    public override Backing Clear(ulong length)
    {
        if (Length > 0) _ = Resize(0);
        return Resize(length);
    }

    private FileBacking Resize(ulong length)
    {
        Errno error = Libc.Truncate(handle, length);
        if (error != Errno.OK)
        {
            throw new ArenaException(
                error is Errno.ENOSPC or Errno.EFBIG or Errno.ENOMEM ? ArenaFault.NoSpace : ArenaFault.InputOutput,
                $"{Name} cannot be made {length} bytes long: {error}.",
                "Choose a smaller --max-size or another file system.");
        }
        return new FileBacking(Name, handle, length);
    }

    /// <summary>Reads the first word of a file that may be too short to be mapped.</summary>
    public override bool TryReadStart(out ulong word)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bool isRead = fileSystemType != Libc.HugetlbfsMagic && RandomAccess.Read(handle, bytes, 0) == bytes.Length;
        word = isRead ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;
        return isRead;
    }

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        Errno error = Libc.MapFile(handle, (nuint)Length, Layout.FrameSizeInBytes, isPrivate, out mapped);
        if (error != Errno.OK) return error;
        address = mapped;
        // Where the file system has no transparent huge pages, the advice is refused and small pages serve.
        if (fileSystemType == Libc.TmpfsMagic) _ = Libc.AdviseHugePages(mapped, (nuint)Length);
        return Errno.OK;
    }

    public override Errno MapHead(out nint head) =>
        Libc.MapFile(handle, Layout.FrameSizeInBytes, Layout.FrameSizeInBytes, isPrivate: false, out head);

    public override Errno Reserve(ulong offset, ulong length) => Libc.Reserve(handle, offset, length);

    /// <remarks>hugetlbfs knows no write(2).</remarks>
    public override bool TakesWrites => fileSystemType != Libc.HugetlbfsMagic;

    public override Errno Write(ulong offset, ReadOnlySpan<byte> bytes) =>
        Libc.WriteAllAt((int)handle.DangerousGetHandle(), bytes, offset);

    public override Errno Release(ulong offset, ulong length) => Libc.PunchHole(handle, offset, length);

    public override Errno Synchronize() => IsOnDisk ? Libc.SynchronizeData(handle) : Errno.OK;

    public override void Dispose()
    {
        // The lock first: the mapping would keep it, and the next server would wait until that is taken down.
        _ = Libc.UnlockOpenFile(handle);
        handle.Dispose();
        if (address != 0) _ = Libc.Unmap(address, (nuint)Length);
        address = 0;
    }

    private static FileBacking Take(string path, SafeFileHandle handle, bool readOnly, bool waits)
    {
        if (Libc.FileExtent(handle, out ulong length, out _) != Errno.OK || Directory.Exists(path))
            throw new ArenaException(ArenaFault.NotFound, $"{path} is not a regular file.",
                "Name a file, or a path that does not exist yet.");
        if (!readOnly && waits) _ = Libc.AwaitOpenFileLock(handle);
        if (!readOnly && Libc.LockOpenFile(handle) is Errno.EAGAIN or Errno.EACCES)
            throw new ArenaException(ArenaFault.InUse, $"{path} is in use by {OwnerRecord.Describe(handle)}.",
                "Stop that server (persistfs down MNT), or wait for it to end.");
        // While the lock was held elsewhere, another file may have taken this one's place, as in a restore.
        if (!readOnly && !IsStillAt(path, handle))
            throw new ArenaException(ArenaFault.InUse, $"{path} has just been replaced.", "Try again.");
        return new FileBacking(path, handle, length);
    }

    private static bool IsStillAt(string path, SafeFileHandle handle) =>
        Libc.GetStatus(path, out FileStatus named) == Errno.OK
        && Libc.GetStatus((int)handle.DangerousGetHandle(), out FileStatus opened) == Errno.OK
        && named.InodeNumber == opened.InodeNumber && named.Device == opened.Device;

    private static ArenaException Explain(string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => new ArenaException(
            ArenaFault.NotFound, $"{path} does not exist.",
            "Check the path, or make an arena there with persistfs format."),
        UnauthorizedAccessException when Directory.Exists(path) => new ArenaException(
            ArenaFault.NotFound, $"{path} is a directory, not a file.", "Name a file in it."),
        UnauthorizedAccessException => new ArenaException(
            ArenaFault.NoPermission, $"{path} cannot be opened: {exception.Message}",
            "Run as the file's owner or as root."),
        IOException { HResult: (int)Errno.EROFS } => new ArenaException(
            ArenaFault.NoPermission, $"{path} lies on a read-only file system.",
            "Mount it writable, or choose another path."),
        _ => new ArenaException(
            ArenaFault.InputOutput, $"{path} cannot be opened: {exception.Message}",
            "Look into the kernel's log (dmesg)."),
    };
}
