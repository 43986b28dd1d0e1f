using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>An arena in the memory of a DAX device: mapped directly, and there for the next kernel as well.</summary>
/// <remarks>
/// All of its memory is there always: nothing is reserved, given back, or zero because nobody wrote it. It can be
/// mapped and not read(2). The lock is one of the node that was opened here, as a file's is: two nodes for one device,
/// as a container may have, are two locks.
/// </remarks>
internal sealed partial class DaxBacking : Backing
{
    private readonly SafeFileHandle handle;
    private nint address;

    private DaxBacking(string name, SafeFileHandle handle, ulong length)
    {
        Name = name;
        this.handle = handle;
        Length = length;
    }

    public override string Name { get; }

    public override BackingKind Kind => DeviceMemory;

    /// <summary>Bytes of the arena; the device may have more behind it, which are not used.</summary>
    public override ulong Length { get; }

    public override ulong AllocatedBytes => Length;

    public override bool GivesZeros => false;

    public override bool IsFixed => true;

    /// <summary>The open node.</summary>
    public SafeFileHandle Handle => handle;

    /// <summary>Opens the device to serve, check or look at the arena in it.</summary>
    /// <param name="device">The device.</param>
    /// <param name="readOnly">Only to look at it: nothing is locked.</param>
    /// <param name="waits">Whether to wait, for ever if need be, while it is locked.</param>
    /// <exception cref="ArenaException">It cannot be one, is locked, holds no arena, or is shorter than it.</exception>
    public static DaxBacking Open(in DaxDevice device, bool readOnly = false, bool waits = false)
    {
        DaxBacking whole = OpenWhole(in device, readOnly, waits);
        try
        {
            return new DaxBacking(whole.Name, whole.handle, whole.ArenaLength());
        }
        catch (ArenaException)
        {
            whole.Dispose();
            throw;
        }
    }

    /// <summary>Opens the device to make an arena in it: its length is all that can be used.</summary>
    /// <exception cref="ArenaException">It cannot be one, is locked, or cannot be opened.</exception>
    public static DaxBacking OpenWhole(in DaxDevice device, bool readOnly = false, bool waits = false)
    {
        ulong usable = UsableBytes(in device);
        OpenFlags access = readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite;
        Errno error = Libc.Open(device.Path, access | OpenFlags.CloseOnExec, 0, out int descriptor);
        if (error != Errno.OK) throw CannotOpen(device.Path, error);
        var backing = new DaxBacking(device.Path, new SafeFileHandle(descriptor, ownsHandle: true), usable);
        if (readOnly) return backing;
        if (waits) _ = Libc.AwaitOpenFileLock(backing.handle);
        if (Libc.LockOpenFile(backing.handle) is not (Errno.EAGAIN or Errno.EACCES)) return backing;
        string owner = backing.ReadOwner();
        backing.Dispose();
        throw new ArenaException(
            ArenaFault.InUse, $"{device.Path} is in use by {owner}.",
            "Stop that server (persistfs down MNT), or wait for it to end.");
    }

    /// <summary>Bytes of the device that an arena can have.</summary>
    /// <exception cref="ArenaException">It is not a device that can hold one.</exception>
    public static ulong UsableBytes(in DaxDevice device)
    {
        if (device.State != DaxState.Ready) throw Explain(in device);
        if (device.AlignmentInBytes == 0 || Layout.FrameSizeInBytes % device.AlignmentInBytes != 0)
        {
            throw new ArenaException(
                ArenaFault.InvalidArgument,
                $"{device.Path} can only be mapped in units of {device.AlignmentInBytes} bytes; an arena needs 2 MiB.",
                "Make the device anew: ndctl create-namespace -f -e NAMESPACE -m devdax --align 2M.");
        }
        ulong usable = device.SizeInBytes & ~(ulong)(Layout.FrameSizeInBytes - 1);
        if (usable >= Layout.ArenaSizeMin) return usable;
        throw new ArenaException(
            ArenaFault.NoSpace, $"{device.Path} has {device.SizeInBytes} bytes, too few for an arena.",
            $"Make a larger device; {Layout.ArenaSizeMin} bytes are the least.");
    }

    /// <summary>
    /// Whether nobody's data is in it, as far as can be known of memory that is never sparse: the first frame, in which
    /// every arena has what it is known by, is all zero, and so is the first block of every other frame; or an
    /// unfinished format is all there is.
    /// </summary>
    public override unsafe bool IsKnownEmpty()
    {
        if (Libc.MapForReading(handle, (nuint)Length, out nint start) != Errno.OK) return false;
        try
        {
            var head = new ReadOnlySpan<byte>((void*)start, Layout.FrameSizeInBytes);
            if (IsUnfinished(head)) return true;
            bool isEmpty = !head.ContainsAnyExcept((byte)0);
            for (ulong offset = Layout.FrameSizeInBytes; isEmpty && offset < Length; offset += Layout.FrameSizeInBytes)
            {
                var block = new ReadOnlySpan<byte>((byte*)start + offset, Layout.BlockSizeInBytes);
                isEmpty = !block.ContainsAnyExcept((byte)0);
            }
            return isEmpty;
        }
        finally
        {
            _ = Libc.Unmap(start, (nuint)Length);
        }
    }

    public override ArenaException NotEmpty() => new(
        ArenaFault.AlreadyFormatted,
        $"{Name} is not empty: where an arena begins, its memory is not all zero.",
        "Is it the right device? --force would destroy what is in it.");

    public override Backing Clear(ulong length)
    {
        ClearHead();
        return new DaxBacking(Name, handle, length);
    }

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        Errno error = Libc.MapFile(handle, (nuint)Length, Layout.FrameSizeInBytes, isPrivate, out mapped);
        if (error == Errno.OK) address = mapped;
        return error;
    }

    public override Errno MapHead(out nint head) =>
        Libc.MapFile(handle, Layout.FrameSizeInBytes, Layout.FrameSizeInBytes, isPrivate: false, out head);

    /// <summary>It is there.</summary>
    public override Errno Reserve(ulong offset, ulong length) => Errno.OK;

    /// <summary>Nobody else could have it.</summary>
    public override Errno Release(ulong offset, ulong length) => Errno.EOPNOTSUPP;

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose()
    {
        // The lock first, which the mapping would keep.
        _ = Libc.UnlockOpenFile(handle);
        handle.Dispose();
        if (address != 0) _ = Libc.Unmap(address, (nuint)Length);
        address = 0;
    }

    /// <summary>The owner that the arena's first frame names.</summary>
    public unsafe string ReadOwner()
    {
        Errno error = Libc.MapForReading(handle, Layout.FrameSizeInBytes, out nint head);
        if (error != Errno.OK) return OwnerRecord.Describe([]);
        var text = new ReadOnlySpan<byte>((byte*)head + Layout.OwnerRecordOffset, OwnerRecord.SizeInBytes);
        string owner = OwnerRecord.Describe(text);
        _ = Libc.Unmap(head, Layout.FrameSizeInBytes);
        return owner;
    }

    /// <summary>What the arena in it says of its length.</summary>
    private ulong ArenaLength()
    {
        if (Libc.MapForReading(handle, Layout.FrameSizeInBytes, out nint head) != Errno.OK) return Length;
        var start = new Arena(head, Layout.FrameSizeInBytes);
        Superblock first = start.At<Superblock>(ArenaPointer.Null);
        Superblock copy = start.At<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset));
        _ = Libc.Unmap(head, Layout.FrameSizeInBytes);
        if (first.Magic != Layout.Magic && copy.Magic != Layout.Magic)
        {
            throw new ArenaException(
                ArenaFault.NotAnArena, $"{Name} holds no arena of PersistFS.",
                "Is it the right device? persistfs format --force would overwrite what it holds.");
        }
        bool isKnown = Superblocks.TryChooseGood(in first, in copy, out Superblock good)
            && good.FrameCountMax is >= Layout.FrameCountMin and <= Layout.FrameCountLimit;
        if (!isKnown) return Length;
        ulong length = good.FrameCountMax << Layout.FrameSizeLog2;
        if (good.FrameCountMax <= Length >> Layout.FrameSizeLog2) return length;
        throw new ArenaException(
            ArenaFault.WrongSize, $"{Name} has {Length} bytes that can be used, but the arena in it has {length}.",
            "Give the device its size back: the same memmap= on the kernel's command line, the same namespace.");
    }

    private static bool IsUnfinished(ReadOnlySpan<byte> head) =>
        BitConverter.ToUInt64(head) == Layout.UnfinishedMagic
        && BitConverter.ToUInt64(head[(int)Layout.SuperblockCopyOffset..]) != Layout.Magic;

    private static ArenaException CannotOpen(string path, Errno error) => error switch
    {
        Errno.EACCES or Errno.EPERM => new ArenaException(
            ArenaFault.NoPermission, $"{path} cannot be opened: {error}.", "Run as root, or as the device's owner."),
        _ => new ArenaException(
            ArenaFault.InputOutput, $"{path} cannot be opened: {error}.", "Look into the kernel's log (dmesg)."),
    };

    private static ArenaException Explain(in DaxDevice device) => device.State switch
    {
        DaxState.SystemMemory => new ArenaException(
            ArenaFault.InUse, $"{device.Path}: the kernel uses the memory of {device.Name} as its own (system-ram).",
            $"Take it back with: daxctl reconfigure-device --mode=devdax --force {device.Name}."),
        DaxState.Unbound => new ArenaException(
            ArenaFault.NotFound, $"{device.Path} does not exist: no driver is bound to {device.Name}.",
            $"Load device_dax, and: echo {device.Name} > /sys/bus/dax/drivers/device_dax/new_id."),
        DaxState.Missing => new ArenaException(
            ArenaFault.NotFound, $"{device.Path} does not exist, and the kernel knows no DAX device of that name.",
            "Is memmap= on this kernel's command line, as it was? Then load nd_e820, dax_pmem and device_dax."),
        DaxState.BlockDevice => new ArenaException(
            ArenaFault.NotFound,
            $"{device.Path} is a block device: mapped, it is page cache and not memory that outlives the kernel.",
            "Make a DAX device of its namespace (ndctl create-namespace -f -e NAMESPACE -m devdax), or name a file."),
        _ => new ArenaException(
            ArenaFault.NotFound, $"{device.Path} is a device, and not one of DAX.",
            "Name a file, or a device such as /dev/dax0.0."),
    };
}
