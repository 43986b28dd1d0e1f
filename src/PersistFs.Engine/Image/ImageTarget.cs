using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Where an image is written: a file beside the one it will replace, or a block device.</summary>
/// <remarks>
/// A file appears under its name when it is whole and on its device, and what was there before goes then. A device has
/// no second place: what it held ends to be an image when the first byte is written.
/// </remarks>
public sealed class ImageTarget : IDisposable
{
    private const string UnfinishedSuffix = ".new";
    private const uint OwnerReadWrite = 0x180;

    /// <summary>Bytes in which file systems and volume managers have their signatures.</summary>
    private const int StartLength = 128 * 1024;

    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(20);

    private readonly string path;
    private readonly string? unfinished;
    private readonly SafeFileHandle descriptor;
    private readonly ulong lengthMax;
    private bool isPublished;

    private ImageTarget(string path, string? unfinished, SafeFileHandle descriptor, ulong lengthMax)
    {
        this.path = path;
        this.unfinished = unfinished;
        this.descriptor = descriptor;
        this.lengthMax = lengthMax;
    }

    /// <summary>The open file, to be passed to the process that writes the image.</summary>
    public int Descriptor => (int)descriptor.DangerousGetHandle();

    /// <summary>Opens what will become the image at <paramref name="path"/>. What is there stays as it is.</summary>
    /// <param name="path">A file, which need not exist, or a block device.</param>
    /// <param name="arena">Identity of the arena that will be saved.</param>
    /// <param name="force">Whether to replace what is no image, or another arena's.</param>
    /// <exception cref="ArenaException">
    /// It holds something else, another save writes to it, or it cannot be opened.
    /// </exception>
    public static ImageTarget Open(string path, Guid arena, bool force)
    {
        Errno error = Libc.GetStatus(path, out FileStatus status);
        if (error == Errno.OK) _ = Libc.ResolvePath(path, out path);
        if (error == Errno.ENOENT || (error == Errno.OK && status.IsRegular)) return OpenFile(path, arena, force);
        bool isDevice = error == Errno.OK && (status.Mode & ModeBits.TypeMask) == ModeBits.BlockDevice;
        if (isDevice) return OpenDevice(path, arena, force);
        throw error == Errno.OK
            ? new ArenaException(
                ArenaFault.InvalidArgument, $"{path} is neither a file nor a block device.",
                "Name a file, or a path where nothing is yet.")
            : Explain(path, "be looked at", error);
    }

    /// <summary>Takes a target that another process has opened and will publish.</summary>
    /// <param name="path">Its name there, for messages.</param>
    /// <param name="file">The open file; closed with the target.</param>
    public static ImageTarget Adopt(string path, int file) =>
        new(path, null, new SafeFileHandle(file, ownsHandle: true), LengthMaxOf(file));

    /// <summary>Gives a finished image its name; a device has it already.</summary>
    /// <exception cref="ArenaException">The directory cannot be changed.</exception>
    public void Publish()
    {
        if (unfinished is not null)
        {
            Errno error = Libc.Rename(unfinished, path);
            if (error != Errno.OK) throw Explain(path, "be replaced", error);
            error = SynchronizeDirectory(path);
            if (error != Errno.OK) throw Explain(path, "be made to last", error);
        }
        isPublished = true;
    }

    /// <summary>Closes the target; a file that was not published is removed.</summary>
    public void Dispose()
    {
        if (unfinished is not null && !isPublished) File.Delete(unfinished);
        descriptor.Dispose();
    }

    /// <summary>From here on the target is no image, until it is a whole one.</summary>
    internal void Invalidate()
    {
        var header = new ImageHeader { Magic = ImageHeader.MagicValue, Version = ImageHeader.VersionValue };
        Write(0, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in header, 1)));
    }

    /// <summary>Writes runs of memory, one behind the other.</summary>
    /// <exception cref="ArenaException">There is no room, or the device fails.</exception>
    internal void Write(ulong offset, ReadOnlySpan<IoVector> runs)
    {
        ulong length = 0;
        foreach (IoVector run in runs) length += run.LengthInBytes;
        RequireRoom(offset + length);
        Span<IoVector> left = stackalloc IoVector[runs.Length];
        runs.CopyTo(left);
        while (!left.IsEmpty)
        {
            Errno error = Libc.WriteVectorAt(Descriptor, left, (long)offset, out long count);
            if (error == Errno.EINTR) continue;
            if (error != Errno.OK) throw Explain(path, "be written", error);
            if (count == 0) throw Explain(path, "be written", Errno.ENOSPC);
            offset += (ulong)count;
            left = IoVector.Behind(left, (nuint)count);
        }
    }

    /// <summary>Writes bytes.</summary>
    /// <exception cref="ArenaException">There is no room, or the device fails.</exception>
    internal void Write(ulong offset, ReadOnlySpan<byte> bytes)
    {
        RequireRoom(offset + (ulong)bytes.Length);
        Errno error = Libc.WriteAllAt(Descriptor, bytes, offset);
        if (error != Errno.OK) throw Explain(path, "be written", error);
    }

    /// <summary>Whether its length is given, as a device's is.</summary>
    internal bool HasFixedLength => lengthMax != ulong.MaxValue;

    /// <summary>Refuses an image of so many bytes where it cannot find room.</summary>
    /// <exception cref="ArenaException">The device is smaller.</exception>
    internal void RequireRoom(ulong length)
    {
        if (length <= lengthMax) return;
        throw new ArenaException(
            ArenaFault.NoSpace, $"{path} has {lengthMax} bytes, and the image needs at least {length}.",
            "Name a larger device, or a file.");
    }

    /// <summary>What was written is on its device when this returns.</summary>
    /// <exception cref="ArenaException">The device has failed.</exception>
    internal void Synchronize()
    {
        Errno error = Libc.Synchronize(Descriptor);
        if (error != Errno.OK) throw Explain(path, "be made to last", error);
    }

    private static ImageTarget OpenFile(string path, Guid arena, bool force)
    {
        if (!force && File.Exists(path)) RequireReplaceable(path, arena);
        string unfinished = path + UnfinishedSuffix;
        long start = Stopwatch.GetTimestamp();
        SafeFileHandle? descriptor;
        while ((descriptor = TryOpenUnfinished(unfinished)) is null)
        {
            // Of a save that was killed, the server may not have noticed yet.
            if (Stopwatch.GetElapsedTime(start) > LockWait)
            {
                throw new ArenaException(
                    ArenaFault.InUse, $"{path}: another save is writing to {unfinished}.", "Wait for it to end.");
            }
            Thread.Sleep(LockPoll);
        }
        return new ImageTarget(path, unfinished, descriptor, ulong.MaxValue);
    }

    /// <summary>The file beside the one that is replaced, empty and locked; null while somebody has it.</summary>
    private static SafeFileHandle? TryOpenUnfinished(string unfinished)
    {
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        Errno error = Libc.Open(unfinished, Flags, OwnerReadWrite, out int file);
        if (error != Errno.OK) throw Explain(unfinished, "be made", error);
        var descriptor = new SafeFileHandle(file, ownsHandle: true);
        // The lock of a file that has just been given its final name, or removed, is worth nothing.
        bool isOurs = Libc.LockFile(file, isExclusive: true, waits: false) == Errno.OK
            && Libc.GetStatus(file, out FileStatus opened) == Errno.OK
            && Libc.GetStatus(unfinished, out FileStatus named) == Errno.OK
            && opened.InodeNumber == named.InodeNumber && opened.Device == named.Device;
        error = isOurs ? Libc.Truncate(descriptor, 0) : Errno.OK;
        if (isOurs && error == Errno.OK) return descriptor;
        descriptor.Dispose();
        return error == Errno.OK ? null : throw Explain(unfinished, "be emptied", error);
    }

    private static ImageTarget OpenDevice(string path, Guid arena, bool force)
    {
        if (!force) RequireReplaceable(path, arena);
        // With O_EXCL a device that is mounted or otherwise in use is refused.
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        Errno error = Libc.Open(path, Flags, 0, out int file);
        if (error == Errno.EBUSY)
        {
            throw new ArenaException(
                ArenaFault.InUse, $"{path} is in use: mounted, or part of another device.",
                "Unmount it, or name another one.");
        }
        if (error != Errno.OK) throw Explain(path, "be opened", error);
        return new ImageTarget(path, null, new SafeFileHandle(file, ownsHandle: true), LengthMaxOf(file));
    }

    private static ulong LengthMaxOf(int file) =>
        Libc.GetBlockDeviceSize(file, out ulong size) == Errno.OK ? size : ulong.MaxValue;

    /// <summary>Empty, or an image of the same arena: nothing else is replaced unasked.</summary>
    private static void RequireReplaceable(string path, Guid arena)
    {
        Errno error = Libc.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int file);
        if (error != Errno.OK) throw Explain(path, "be opened", error);
        using var descriptor = new SafeFileHandle(file, ownsHandle: true);
        byte[] start = new byte[StartLength];
        error = Libc.ReadAt(file, start, 0, out int length);
        if (error != Errno.OK) throw Explain(path, "be read", error);
        ReadOnlySpan<byte> found = start.AsSpan(0, length);
        if (!found.ContainsAnyExcept((byte)0)) return;
        ImageHeader header = length < Layout.BlockSizeInBytes ? default : MemoryMarshal.Read<ImageHeader>(found);
        if (header.Magic != ImageHeader.MagicValue)
        {
            throw new ArenaException(
                ArenaFault.AlreadyFormatted, $"{path} holds something that is no image.",
                "Choose another path; --force would destroy what is in it.");
        }
        if (header.Checksum != Checksum.Of(in header) || header.Identity == arena) return;
        throw new ArenaException(
            ArenaFault.AlreadyFormatted, $"{path} is the image of another arena, {header.Identity}.",
            "Choose another path; --force would replace it.");
    }

    /// <summary>Makes the entries of the directory that holds a file last.</summary>
    internal static Errno SynchronizeDirectory(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        Errno error = Libc.Open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0, out int opened);
        if (error != Errno.OK) return error;
        error = Libc.Synchronize(opened);
        _ = Libc.Close(opened);
        // Not every file system has anything to do for a directory.
        return error == Errno.EINVAL ? Errno.OK : error;
    }

    private static ArenaException Explain(string path, string what, Errno error) => error switch
    {
        Errno.ENOSPC or Errno.EDQUOT or Errno.EFBIG => new ArenaException(
            ArenaFault.NoSpace, $"{path} cannot {what}: there is no room ({error}).",
            "Make room there, or save to another place."),
        Errno.ENOENT or Errno.ENOTDIR => new ArenaException(
            ArenaFault.NotFound, $"{path} cannot {what}: there is no such directory.", "Check the path."),
        Errno.EACCES or Errno.EPERM or Errno.EROFS => new ArenaException(
            ArenaFault.NoPermission, $"{path} cannot {what}: {error}.",
            "Run as root or as its owner, or choose another place."),
        _ => new ArenaException(
            ArenaFault.InputOutput, $"{path} cannot {what}: {error}.", "Look into the kernel's log (dmesg)."),
    };
}
