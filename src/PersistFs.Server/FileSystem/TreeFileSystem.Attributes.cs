using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Settings;

namespace PersistFs.Server.FileSystem;

/// <summary>Attributes: what stat(2), statx(2) and statfs(2) show, and what chmod(2) and its kin change.</summary>
internal sealed partial class TreeFileSystem
{
    private const uint BlockSizeInBytes = VolumeStatistics.BlockSizeInBytes;
    private const ulong SectorsPerBlock = BlockSizeInBytes / 512;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>STATX_BASIC_STATS and STATX_BTIME.</summary>
    private const uint StatxFilled = 0xFFF;

    /// <summary>Gives the root directory the mode and owner that the mount asks for.</summary>
    /// <exception cref="FailureException">The volume does not take them.</exception>
    public void PrepareRoot(MountOptions options)
    {
        AttributeChange change = new()
        {
            Mode = options.RootMode,
            UserId = options.RootUserId,
            GroupId = options.RootGroupId,
        };
        if (change == default) return;
        Errno error = tree.SetAttributes(workers[0], tree.Root, in change, in Credentials.Root, out _);
        if (error != Errno.OK) throw FailureException.FromSystem("the root directory", "set mode and owner", error);
    }

    /// <inheritdoc/>
    public Errno GetAttributes(in RequestContext context, in GetAttributesIn request, ref NodeAttributes attributes)
    {
        Errno error = tree.GetAttributes(WorkerOf(in context), InodeOf(in context), out InodeAttributes found);
        if (error == Errno.OK) Fill(ref attributes, in found);
        return error;
    }

    /// <inheritdoc/>
    public Errno SetAttributes(in RequestContext context, in SetAttributesIn request, ref NodeAttributes attributes)
    {
        Errno error = RequireNanoseconds(in request);
        if (error != Errno.OK) return error;
        AttributeChange change = ChangeOf(in request);
        error = tree.SetAttributes(
            WorkerOf(in context), InodeOf(in context), in change, context.Credentials, out InodeAttributes changed);
        if (error == Errno.OK) Fill(ref attributes, in changed);
        return error;
    }

    /// <inheritdoc/>
    public Errno GetStatx(in RequestContext context, in StatxIn request, ref Statx status)
    {
        Errno error = tree.GetAttributes(WorkerOf(in context), InodeOf(in context), out InodeAttributes found);
        if (error != Errno.OK) return error;
        status.Mask = StatxFilled;
        status.BlockSizeInBytes = BlockSizeInBytes;
        // STATX_ATTR_IMMUTABLE, APPEND and NODUMP are the bits of FS_IOC_GETFLAGS.
        status.AttributesMask = InodeFlags.Immutable | InodeFlags.AppendOnly | InodeFlags.NoDump;
        status.Attributes = found.Flags & status.AttributesMask;
        status.LinkCount = found.LinkCount;
        status.UserId = found.UserId;
        status.GroupId = found.GroupId;
        status.Mode = (ushort)found.Mode;
        status.InodeNumber = NodeIdOf(found.Inode).Value;
        status.SizeInBytes = found.Size;
        status.Blocks512 = found.Blocks * SectorsPerBlock;
        status.Access.Seconds = Seconds(found.AccessTime, out status.Access.Nanoseconds);
        status.Birth.Seconds = Seconds(found.BirthTime, out status.Birth.Nanoseconds);
        status.Change.Seconds = Seconds(found.ChangeTime, out status.Change.Nanoseconds);
        status.Modify.Seconds = Seconds(found.ModificationTime, out status.Modify.Nanoseconds);
        // new_encode_dev of linux/kdev_t.h: minor bits 0-7 and 20-31, major bits 8-19.
        status.DeviceMajor = (found.DeviceNumber >> 8) & 0xFFF;
        status.DeviceMinor = (found.DeviceNumber & 0xFF) | ((found.DeviceNumber >> 12) & 0xFFF00);
        return Errno.OK;
    }

    /// <inheritdoc/>
    public Errno GetFileSystemStatus(in RequestContext context, ref StatFsOut status)
    {
        VolumeStatistics numbers = volume.GetStatistics();
        TreeStatistics files = tree.GetStatistics();
        status.BlockSizeInBytes = BlockSizeInBytes;
        status.FragmentSizeInBytes = BlockSizeInBytes;
        status.Blocks = numbers.TotalBlocks;
        status.BlocksFree = numbers.FreeBlocks;
        status.BlocksAvailable = numbers.FreeBlocks;
        status.Files = files.FileTotal;
        status.FilesFree = files.FileFree;
        status.NameLengthMax = VolumeStatistics.NameLengthMax;
        return Errno.OK;
    }

    private static Errno RequireNanoseconds(in SetAttributesIn request)
    {
        bool isSound = request.AccessNanoseconds < NanosecondsPerSecond
            && request.ModifyNanoseconds < NanosecondsPerSecond && request.ChangeNanoseconds < NanosecondsPerSecond;
        return isSound ? Errno.OK : Errno.EINVAL;
    }

    private static AttributeChange ChangeOf(in SetAttributesIn request)
    {
        SetAttributesFlags valid = request.Valid;
        // Times that the kernel has kept itself (write-back) come as these two, and no others do.
        const SetAttributesFlags Flushed = SetAttributesFlags.ModifyTime | SetAttributesFlags.ChangeTime;
        const SetAttributesFlags Carried = SetAttributesFlags.Handle | SetAttributesFlags.LockOwner;
        return new AttributeChange
        {
            Mode = (valid & SetAttributesFlags.Mode) != 0 ? request.Mode : null,
            UserId = (valid & SetAttributesFlags.UserId) != 0 ? request.UserId : null,
            GroupId = (valid & SetAttributesFlags.GroupId) != 0 ? request.GroupId : null,
            Size = (valid & SetAttributesFlags.Size) != 0 ? request.SizeInBytes : null,
            AccessTime = (valid & SetAttributesFlags.AccessTimeNow) != 0 ? TimeChange.Now
                : (valid & SetAttributesFlags.AccessTime) != 0
                    ? TimeChange.At((long)request.AccessSeconds, request.AccessNanoseconds) : TimeChange.None,
            ModificationTime = (valid & SetAttributesFlags.ModifyTimeNow) != 0 ? TimeChange.Now
                : (valid & SetAttributesFlags.ModifyTime) != 0
                    ? TimeChange.At((long)request.ModifySeconds, request.ModifyNanoseconds) : TimeChange.None,
            ChangeTime = (valid & SetAttributesFlags.ChangeTime) != 0
                ? TimeChange.At((long)request.ChangeSeconds, request.ChangeNanoseconds) : TimeChange.None,
            KillsSetIds = (valid & SetAttributesFlags.KillSetIds) != 0,
            IsAcknowledged = (valid & ~Carried) == Flushed,
        };
    }

    private void Fill(ref EntryOut entry, in InodeAttributes attributes)
    {
        entry.NodeId = NodeIdOf(attributes.Inode);
        entry.Generation = attributes.Generation;
        Fill(ref entry.Attributes, in attributes);
    }

    private void Fill(ref NodeAttributes node, in InodeAttributes attributes)
    {
        node.InodeNumber = NodeIdOf(attributes.Inode).Value;
        node.SizeInBytes = attributes.Size;
        node.Blocks512 = attributes.Blocks * SectorsPerBlock;
        node.AccessSeconds = (ulong)Seconds(attributes.AccessTime, out node.AccessNanoseconds);
        node.ModifySeconds = (ulong)Seconds(attributes.ModificationTime, out node.ModifyNanoseconds);
        node.ChangeSeconds = (ulong)Seconds(attributes.ChangeTime, out node.ChangeNanoseconds);
        node.Mode = attributes.Mode;
        node.LinkCount = attributes.LinkCount;
        node.UserId = attributes.UserId;
        node.GroupId = attributes.GroupId;
        node.Device = attributes.DeviceNumber;
        node.BlockSizeInBytes = BlockSizeInBytes;
    }

    /// <summary>Whole seconds since 1970, rounded down, and the nanoseconds beyond them.</summary>
    private static long Seconds(long time, out uint nanoseconds)
    {
        long seconds = Math.DivRem(time, NanosecondsPerSecond, out long rest);
        bool isBefore = rest < 0;
        nanoseconds = (uint)(isBefore ? rest + NanosecondsPerSecond : rest);
        return isBefore ? seconds - 1 : seconds;
    }
}
