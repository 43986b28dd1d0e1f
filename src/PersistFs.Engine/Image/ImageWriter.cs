using System.IO.Hashing;
using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Writes an image (FORMAT.md, section 15): chunks by many threads, then index, trailer and header.</summary>
/// <remarks>Until the header is written the target is no image; a chunk may be written again until then.</remarks>
internal sealed class ImageWriter
{
    private const int EntriesPerWrite = 4096;

    private readonly ImageTarget target;
    private readonly ChunkTable chunks;
    private ulong end = Layout.BlockSizeInBytes;

    /// <param name="target">Where the image goes.</param>
    /// <param name="frameCount">Frames of the arena.</param>
    public ImageWriter(ImageTarget target, uint frameCount)
    {
        this.target = target;
        chunks = new ChunkTable(frameCount);
        target.Invalidate();
    }

    /// <summary>Writes what is kept of a frame, in the place of what was written of it before.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="blocks">The blocks that are kept.</param>
    /// <param name="runs">Where they lie, one behind the other; none where none is kept.</param>
    public void Write(uint frame, in FrameDescriptor.BlockBitmap blocks, ReadOnlySpan<IoVector> runs)
    {
        ref ChunkTable.Chunk chunk = ref chunks.At(frame);
        chunk.Entry.Frame = frame;
        chunk.Entry.Blocks = blocks;
        chunk.IsKnown = true;
        int count = chunk.Entry.BlockCount;
        if (count > chunk.Capacity)
        {
            // What the frame had is left behind, unused: frames that grow while they are saved are few.
            ulong length = (ulong)count << Layout.BlockSizeLog2;
            chunk.Entry.Offset = Interlocked.Add(ref end, length) - length;
            chunk.Capacity = count;
        }
        if (count == 0) return;
        chunk.Entry.Checksum = HashOf(runs);
        target.Write(chunk.Entry.Offset, runs);
    }

    /// <summary>Writes index, trailer and header, each after what it speaks of is on its device.</summary>
    /// <param name="header">Whose image it is; the rest is filled in.</param>
    /// <param name="frames">The frames in use, in order, each of which was written.</param>
    /// <returns>The header as written.</returns>
    public ImageHeader Finish(ImageHeader header, IReadOnlyList<uint> frames)
    {
        header.Magic = ImageHeader.MagicValue;
        header.Version = ImageHeader.VersionValue;
        header.FrameSizeInBytes = Layout.FrameSizeInBytes;
        header.ChunkCount = (ulong)frames.Count;
        header.IndexOffset = end;
        WriteIndex(ref header, frames);
        header.LengthInBytes = end + ImageHeader.IndexLengthOf(header.ChunkCount) + Layout.BlockSizeInBytes;
        header.Checksum = Checksum.Of(in header);
        target.Write(header.LengthInBytes - Layout.BlockSizeInBytes, BytesOf(in header));
        target.Synchronize();
        target.Write(0, BytesOf(in header));
        target.Synchronize();
        return header;
    }

    private void WriteIndex(ref ImageHeader header, IReadOnlyList<uint> frames)
    {
        var hash = new XxHash3();
        byte[] bytes = new byte[ImageHeader.IndexLengthOf(Math.Min((ulong)frames.Count, EntriesPerWrite))];
        ulong blocks = 0;
        ulong position = end;
        for (int first = 0; first < frames.Count; first += EntriesPerWrite)
        {
            int count = Math.Min(frames.Count - first, EntriesPerWrite);
            Span<ChunkEntry> entries = MemoryMarshal.Cast<byte, ChunkEntry>(bytes.AsSpan())[..count];
            for (int index = 0; index < count; index++)
            {
                ref ChunkTable.Chunk chunk = ref chunks.At(frames[first + index]);
                if (!chunk.IsKnown)
                    throw new InvalidOperationException($"Frame {frames[first + index]} was never looked at.");
                int kept = chunk.Entry.BlockCount;
                blocks += (ulong)kept;
                entries[index] = chunk.Entry;
                if (kept != 0) continue;
                entries[index].Offset = 0;
                entries[index].Checksum = 0;
            }
            // All but the last are whole pages.
            Span<byte> written = bytes.AsSpan(0, (int)ImageHeader.IndexLengthOf((ulong)count));
            written[(count * ChunkEntry.SizeInBytes)..].Clear();
            hash.Append(written);
            target.Write(position, written);
            position += (ulong)written.Length;
        }
        header.IndexChecksum = hash.GetCurrentHashAsUInt64();
        header.BlockCount = blocks;
    }

    /// <summary>XxHash3 of runs of memory, one behind the other.</summary>
    public static ulong HashOf(ReadOnlySpan<IoVector> runs)
    {
        if (runs.Length == 1) return XxHash3.HashToUInt64(runs[0].AsSpan());
        var hash = new XxHash3();
        foreach (IoVector run in runs) hash.Append(run.AsSpan());
        return hash.GetCurrentHashAsUInt64();
    }

    private static ReadOnlySpan<byte> BytesOf(in ImageHeader header) =>
        MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in header, 1));
}
