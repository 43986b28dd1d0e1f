using System.Buffers.Binary;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>File flags, as chattr(1) and lsattr(1) ask for them through ioctl(2) (ioctl_iflags(2)).</summary>
internal sealed partial class TreeFileSystem
{
    // linux/fs.h; the kernel hands on a number of 4 bytes for the first two, whatever the caller's long is.
    private const uint GetFlagsCommand = 0x80086601;
    private const uint SetFlagsCommand = 0x40086602;
    private const uint GetExtendedCommand = 0x801C581F;
    private const uint SetExtendedCommand = 0x401C5820;

    private const int FlagsSizeInBytes = 4;

    /// <summary>struct fsxattr: fsx_xflags first, and nothing else of it that a file system in memory has.</summary>
    private const int ExtendedSizeInBytes = 28;

    /// <inheritdoc/>
    public Errno Control(
        in RequestContext context, in IoctlIn request, ReadOnlySpan<byte> input, Span<byte> output, out int length)
    {
        length = 0;
        return request.Command switch
        {
            GetFlagsCommand => GetFlags(in context, output, out length),
            SetFlagsCommand => SetFlags(in context, input),
            GetExtendedCommand => GetExtended(in context, output, out length),
            SetExtendedCommand => SetExtended(in context, input),
            _ => Errno.ENOTTY,
        };
    }

    private Errno GetFlags(in RequestContext context, Span<byte> output, out int length)
    {
        length = 0;
        if (output.Length < FlagsSizeInBytes) return Errno.EINVAL;
        Errno error = tree.GetFlags(WorkerOf(in context), InodeOf(in context), out uint flags);
        if (error != Errno.OK) return error;
        BinaryPrimitives.WriteUInt32LittleEndian(output, flags);
        length = FlagsSizeInBytes;
        return Errno.OK;
    }

    private Errno SetFlags(in RequestContext context, ReadOnlySpan<byte> input) => input.Length < FlagsSizeInBytes
        ? Errno.EINVAL
        : ChangeFlags(in context, BinaryPrimitives.ReadUInt32LittleEndian(input));

    private Errno GetExtended(in RequestContext context, Span<byte> output, out int length)
    {
        length = 0;
        if (output.Length < ExtendedSizeInBytes) return Errno.EINVAL;
        Errno error = tree.GetFlags(WorkerOf(in context), InodeOf(in context), out uint flags);
        if (error != Errno.OK) return error;
        output[..ExtendedSizeInBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(output, InodeFlags.ToExtended(flags));
        length = ExtendedSizeInBytes;
        return Errno.OK;
    }

    private Errno SetExtended(in RequestContext context, ReadOnlySpan<byte> input)
    {
        if (input.Length < ExtendedSizeInBytes) return Errno.EINVAL;
        // Extent sizes and project numbers: tmpfs has none either.
        if (input[4..ExtendedSizeInBytes].ContainsAnyExcept((byte)0)) return Errno.EOPNOTSUPP;
        uint extended = BinaryPrimitives.ReadUInt32LittleEndian(input);
        return InodeFlags.TryFromExtended(extended, out uint flags)
            ? ChangeFlags(in context, flags)
            : Errno.EOPNOTSUPP;
    }

    private Errno ChangeFlags(in RequestContext context, uint flags)
    {
        Errno error = tree.SetFlags(WorkerOf(in context), InodeOf(in context), flags);
        // The change time is new, and the kernel takes ioctl(2) for something that changes nothing.
        if (error == Errno.OK) notifier?.InvalidateInode(context.NodeId);
        return error;
    }
}
