using System.Runtime.CompilerServices;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>One thread's share of a session: its memory, its vectors, its counters.</summary>
/// <remarks>The memory holds one request, then one reply; both begin at a page boundary.</remarks>
internal sealed class RequestThread
{
    /// <summary>
    /// Room for what a reply carries beside segments: a directory, an extended attribute, an ioctl's output.
    /// </summary>
    public const int ReplyLength = 128 * 1024;

    private const int PageSize = 4096;

    private readonly IoVector request;
    private readonly IoVector reply;
    private readonly IoVector[] vectors = GC.AllocateArray<IoVector>(IoVector.CountMax, pinned: true);

    public RequestThread(int index, IoVector memory, int requestLength)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.Address % PageSize, 0, nameof(memory));
        Index = index;
        Memory = memory;
        request = memory.Slice(0, requestLength);
        reply = memory.Slice(requestLength, ReplyLength);
    }

    /// <summary>0 to N-1.</summary>
    public int Index { get; }

    /// <summary>All of it.</summary>
    public IoVector Memory { get; }

    public WorkerCounters Counters { get; } = new();

    /// <summary>How the thread spends its time.</summary>
    public WorkerLoad Load { get; } = new();

    /// <summary>Its id, as gettid(2) gives it; 0 before it serves.</summary>
    public volatile int ThreadId;

    /// <summary>Whether the thread has ended.</summary>
    public volatile bool HasEnded;

    /// <summary>Its part in waiting for requests under way: it is inside while it serves one.</summary>
    public Epoch Epoch { get; } = new();

    /// <summary>Memory for the request.</summary>
    public Span<byte> RequestBytes => request.AsSpan();

    /// <summary>Where a reply's header goes.</summary>
    public Span<byte> ReplyHeader => reply.AsSpan()[..Unsafe.SizeOf<OutHeader>()];

    /// <summary>Where a reply's body goes.</summary>
    public Span<byte> ReplyBody => reply.AsSpan()[Unsafe.SizeOf<OutHeader>()..];

    /// <summary>Where a reply's segments are collected.</summary>
    public Span<IoVector> SegmentVectors => vectors.AsSpan(1);

    /// <summary>Bytes of memory a thread needs for requests of so many bytes of data.</summary>
    public static int RequestLength(uint maxWriteInBytes) => checked((int)maxWriteInBytes) + PageSize;

    /// <summary>Header, body and segments of a reply, ready to be written.</summary>
    public ReadOnlySpan<IoVector> VectorsOf(int bodyLength, int segmentCount)
    {
        vectors[0] = reply.Slice(0, Unsafe.SizeOf<OutHeader>() + bodyLength);
        return vectors.AsSpan(0, 1 + segmentCount);
    }
}
