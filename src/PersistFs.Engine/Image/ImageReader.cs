using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Reads an image. Nothing in it is believed before its checksum and its place have been looked at.</summary>
internal sealed class ImageReader : IDisposable
{
    private const int EntriesPerRead = 4096;

    private readonly SafeFileHandle descriptor;
    private readonly string path;
    private readonly ulong length;
    private readonly ImageHeader header;

    private ImageReader(string path, SafeFileHandle descriptor, ulong length)
    {
        this.path = path;
        this.descriptor = descriptor;
        this.length = length;
        header = ReadHeader();
    }

    /// <summary>Whose image it is; its checksum is good.</summary>
    public ref readonly ImageHeader Header => ref header;

    private int Descriptor => (int)descriptor.DangerousGetHandle();

    /// <summary>Opens an image and looks at header, trailer and index.</summary>
    /// <exception cref="ArenaException">
    /// It does not exist, is no image, of an unknown format, cut off or damaged.
    /// </exception>
    public static ImageReader Open(string path)
    {
        Errno error = Libc.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int file);
        if (error != Errno.OK) throw Explain(path, error);
        var descriptor = new SafeFileHandle(file, ownsHandle: true);
        try
        {
            var reader = new ImageReader(path, descriptor, LengthOf(path, file));
            reader.RequireTrailer();
            reader.RequireIndex();
            return reader;
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>The entries of the index, some at a time, in the order of their frames.</summary>
    /// <remarks>What is given out stays as it is until the next step.</remarks>
    public IEnumerable<ReadOnlyMemory<ChunkEntry>> Entries()
    {
        var entries = new ChunkEntry[Math.Min(header.ChunkCount, EntriesPerRead)];
        for (ulong first = 0; first < header.ChunkCount; first += EntriesPerRead)
        {
            int count = (int)Math.Min(header.ChunkCount - first, EntriesPerRead);
            Read(header.IndexOffset + first * ChunkEntry.SizeInBytes, MemoryMarshal.AsBytes(entries.AsSpan(0, count)));
            yield return entries.AsMemory(0, count);
        }
    }

    /// <summary>Reads a chunk's blocks to where they belong, and insists on their checksum.</summary>
    /// <param name="entry">The chunk, of an index that was looked at.</param>
    /// <param name="runs">Memory for its blocks, one behind the other; as much as it has.</param>
    /// <exception cref="ArenaException">The checksum is wrong, or the device fails.</exception>
    public void Read(in ChunkEntry entry, ReadOnlySpan<IoVector> runs)
    {
        if (runs.IsEmpty) return;
        Read(entry.Offset, runs);
        if (ImageWriter.HashOf(runs) != entry.Checksum)
            throw Damaged($"frame {entry.Frame} does not have the checksum that the index tells");
    }

    /// <summary>The image is not what it says it is.</summary>
    public ArenaException Damaged(string cause) => new(
        ArenaFault.ImageDamaged, $"{path} is damaged: {cause}.",
        "Use another image; nothing was restored from this one.");

    public void Dispose() => descriptor.Dispose();

    private ImageHeader ReadHeader()
    {
        if (length < Layout.BlockSizeInBytes) throw NotAnImage();
        ImageHeader found = ReadPage(0);
        if (found.Magic != ImageHeader.MagicValue) throw NotAnImage();
        if (found.Checksum == 0)
            throw Damaged("the save that wrote it did not come to its end");
        if (found.Checksum != Checksum.Of(in found)) throw Damaged("its header has a wrong checksum");
        if (found.Version != ImageHeader.VersionValue || found.FeaturesIncompatible != 0)
        {
            throw new ArenaException(
                ArenaFault.UnsupportedFormat,
                $"{path} is an image of format version {found.Version} with features {found.FeaturesIncompatible:x}; "
                    + $"this program knows version {ImageHeader.VersionValue}.",
                "Use the version of persistfs that wrote it, or a newer one.");
        }
        return found;
    }

    /// <summary>The last page says the same as the first one: nothing is missing.</summary>
    private void RequireTrailer()
    {
        ulong frames = header.FrameCountMax;
        bool isSound = header.FrameSizeInBytes == Layout.FrameSizeInBytes
            && frames is >= Layout.FrameCountMin and <= Layout.FrameCountLimit && header.ChunkCount <= frames
            && header.ChunkCount > 0 && header.IndexOffset % Layout.BlockSizeInBytes == 0
            && header.IndexOffset >= Layout.BlockSizeInBytes && header.IndexOffset <= header.LengthInBytes
            && header.LengthInBytes - header.IndexOffset
                == ImageHeader.IndexLengthOf(header.ChunkCount) + Layout.BlockSizeInBytes;
        if (!isSound) throw Damaged("its header tells what cannot be");
        if (header.LengthInBytes > length) throw Damaged($"it has {length} of {header.LengthInBytes} bytes");
        ImageHeader trailer = ReadPage(header.LengthInBytes - Layout.BlockSizeInBytes);
        ReadOnlySpan<byte> first = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in header, 1));
        if (!first.SequenceEqual(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in trailer, 1))))
            throw Damaged("its trailer is not its header once more");
    }

    /// <summary>Goes through the index once; it costs no more than is really there.</summary>
    private void RequireIndex()
    {
        var hash = new XxHash3();
        ulong blocks = 0;
        ulong nextFrame = 0;
        foreach (ReadOnlyMemory<ChunkEntry> entries in Entries())
        {
            foreach (ref readonly ChunkEntry entry in entries.Span)
            {
                RequireEntry(in entry, nextFrame, ref blocks);
                nextFrame = entry.Frame + 1;
            }
            hash.Append(MemoryMarshal.AsBytes(entries.Span));
        }
        ulong used = header.ChunkCount * ChunkEntry.SizeInBytes;
        byte[] padding = new byte[ImageHeader.IndexLengthOf(header.ChunkCount) - used];
        Read(header.IndexOffset + used, padding);
        hash.Append(padding);
        if (hash.GetCurrentHashAsUInt64() != header.IndexChecksum) throw Damaged("its index has a wrong checksum");
        if (blocks != header.BlockCount) throw Damaged("its header counts other blocks than its index");
    }

    private void RequireEntry(in ChunkEntry entry, ulong nextFrame, ref ulong blocks)
    {
        ulong count = (ulong)entry.BlockCount;
        blocks += count;
        // All chunks together are no more than what lies before the index, so that a small image stays a small arena.
        ulong room = header.IndexOffset - Layout.BlockSizeInBytes;
        bool isSound = entry.Frame >= nextFrame && entry.Frame < header.FrameCountMax && entry.Reserved == 0
            && blocks <= room >> Layout.BlockSizeLog2;
        isSound = isSound && (count == 0
            ? entry.Offset == 0 && entry.Checksum == 0
            : entry.Offset % Layout.BlockSizeInBytes == 0 && entry.Offset >= Layout.BlockSizeInBytes
                && entry.Offset <= header.IndexOffset
                && count << Layout.BlockSizeLog2 <= header.IndexOffset - entry.Offset);
        if (!isSound) throw Damaged("its index tells what cannot be");
    }

    private ImageHeader ReadPage(ulong offset)
    {
        ImageHeader page = default;
        Read(offset, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref page, 1)));
        return page;
    }

    private unsafe void Read(ulong offset, Span<byte> target)
    {
        fixed (byte* address = target)
        {
            var run = new IoVector((nint)address, (nuint)target.Length);
            Read(offset, new ReadOnlySpan<IoVector>(in run));
        }
    }

    private void Read(ulong offset, ReadOnlySpan<IoVector> runs)
    {
        Span<IoVector> left = stackalloc IoVector[runs.Length];
        runs.CopyTo(left);
        left = IoVector.Behind(left, 0);
        while (!left.IsEmpty)
        {
            Errno error = Libc.ReadVectorAt(Descriptor, left, (long)offset, out long count);
            if (error == Errno.EINTR) continue;
            if (error != Errno.OK) throw Explain(path, error);
            if (count == 0) throw Damaged("it ends too soon");
            offset += (ulong)count;
            left = IoVector.Behind(left, (nuint)count);
        }
    }

    private static ulong LengthOf(string path, int file)
    {
        Errno error = Libc.GetStatus(file, out FileStatus status);
        if (error == Errno.OK && status.IsRegular) return status.SizeInBytes;
        if (error == Errno.OK && Libc.GetBlockDeviceSize(file, out ulong size) == Errno.OK) return size;
        throw error == Errno.OK
            ? new ArenaException(
                ArenaFault.NotAnImage, $"{path} is neither a file nor a block device.",
                "Name an image, or the device that holds one.")
            : Explain(path, error);
    }

    private ArenaException NotAnImage() => new(
        ArenaFault.NotAnImage, $"{path} is no image that was saved of an arena.",
        "Check the path; an image is made with persistfs save.");

    private static ArenaException Explain(string path, Errno error) => error switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new ArenaException(
            ArenaFault.NotFound, $"{path} does not exist.", "Check the path; an image is made with persistfs save."),
        Errno.EACCES or Errno.EPERM => new ArenaException(
            ArenaFault.NoPermission, $"{path} cannot be opened: {error}.", "Run as the file's owner or as root."),
        _ => new ArenaException(
            ArenaFault.InputOutput, $"{path} cannot be read: {error}.", "Look into the kernel's log (dmesg)."),
    };
}
