using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Model;

/// <summary>A file of the model.</summary>
internal sealed class ReferenceNode
{
    public required uint Mode { get; set; }

    public required uint UserId { get; set; }

    public required uint GroupId { get; set; }

    public uint Device { get; init; }

    /// <summary>Names that lead to it; of a directory 2 and one for each in it.</summary>
    public uint LinkCount { get; set; }

    public ulong Size { get; private set; }

    /// <summary>Blocks of 4 KiB that are not all zero, but perhaps some that are.</summary>
    public SortedDictionary<ulong, byte[]> Blocks { get; } = [];

    public SortedDictionary<string, byte[]> Xattrs { get; } = new(StringComparer.Ordinal);

    /// <summary>Of a directory, what is in it.</summary>
    public SortedDictionary<string, ReferenceNode> Children { get; } = new(StringComparer.Ordinal);

    public ReferenceNode? Parent { get; set; }

    public bool IsDirectory => ModeBits.IsDirectory(Mode);

    public bool IsRegular => ModeBits.IsRegular(Mode);

    public void SetSize(ulong size)
    {
        if (size < Size) Zero(size, Size);
        Size = size;
    }

    public void Write(ulong offset, ReadOnlySpan<byte> data)
    {
        Size = Math.Max(Size, offset + (ulong)data.Length);
        while (!data.IsEmpty)
        {
            int within = (int)(offset % Layout.BlockSizeInBytes);
            int length = Math.Min(data.Length, Layout.BlockSizeInBytes - within);
            data[..length].CopyTo(BlockAt(offset / Layout.BlockSizeInBytes).AsSpan(within));
            data = data[length..];
            offset += (ulong)length;
        }
    }

    /// <summary>Makes a range zero, as far as there is something in it.</summary>
    public void Zero(ulong start, ulong end)
    {
        foreach (ulong block in Blocks.Keys.ToArray())
        {
            ulong blockStart = block * Layout.BlockSizeInBytes;
            ulong from = Math.Max(start, blockStart);
            ulong to = Math.Min(end, blockStart + Layout.BlockSizeInBytes);
            if (from < to) Blocks[block].AsSpan((int)(from - blockStart), (int)(to - from)).Clear();
        }
    }

    public byte[] Read(ulong offset, int length)
    {
        byte[] bytes = new byte[offset < Size ? (int)Math.Min((ulong)length, Size - offset) : 0];
        for (int done = 0; done < bytes.Length;)
        {
            ulong position = offset + (ulong)done;
            int within = (int)(position % Layout.BlockSizeInBytes);
            int count = Math.Min(bytes.Length - done, Layout.BlockSizeInBytes - within);
            if (Blocks.TryGetValue(position / Layout.BlockSizeInBytes, out byte[]? block))
                block.AsSpan(within, count).CopyTo(bytes.AsSpan(done));
            done += count;
        }
        return bytes;
    }

    private byte[] BlockAt(ulong block)
    {
        if (!Blocks.TryGetValue(block, out byte[]? bytes)) Blocks[block] = bytes = new byte[Layout.BlockSizeInBytes];
        return bytes;
    }
}
