using Microsoft.Win32.SafeHandles;

namespace PersistFs.Engine.Arenas;

/// <summary>Reads a row of segments as one; past the last, up to the arena's end, there are zeros.</summary>
internal sealed class SegmentStream : Stream
{
    private readonly IReadOnlyList<SafeFileHandle> segments;
    private readonly ulong segmentLength;

    /// <param name="segments">Open files, closed with the stream.</param>
    /// <param name="segmentLength">Bytes in each.</param>
    /// <param name="length">Bytes of the arena.</param>
    public SegmentStream(IReadOnlyList<SafeFileHandle> segments, ulong segmentLength, ulong length)
    {
        this.segments = segments;
        this.segmentLength = segmentLength;
        Length = (long)length;
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        ulong position = (ulong)Position;
        ulong index = position / segmentLength;
        ulong offset = position % segmentLength;
        ulong left = Math.Min(segmentLength - offset, (ulong)Length - Math.Min(position, (ulong)Length));
        Span<byte> target = buffer[..(int)Math.Min((ulong)buffer.Length, left)];
        int count = target.Length;
        if (index < (ulong)segments.Count) count = RandomAccess.Read(segments[(int)index], target, (long)offset);
        else target.Clear();
        Position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (SafeFileHandle segment in segments) segment.Dispose();
    }
}
