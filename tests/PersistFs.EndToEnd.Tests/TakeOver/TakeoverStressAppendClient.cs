using System.Buffers.Binary;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>
/// Several writers append numbered records to one file (O_APPEND); none is lost, doubled, torn or out of order.
/// </summary>
internal sealed class TakeoverStressAppendClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private const int WritersCount = 2, RecordsCount = 100, RoundsPerFile = 20, RecordSize = 96;

    private readonly int[] appended = new int[WritersCount];

    protected override void Round()
    {
        Parallel.For(0, WritersCount, new ParallelOptions { MaxDegreeOfParallelism = WritersCount }, Append);
        if ((Rounds + 1) % RoundsPerFile == 0) Close();
    }

    protected override void Close()
    {
        // The last round may have been the one that ended a file.
        if (appended.Sum() == 0) return;
        Check();
        Succeeds(Syscall.unlink(Path));
        Array.Clear(appended);
    }

    private string Path => $"{Home}/log";

    private void Append(int writer)
    {
        using Descriptor log = Descriptor.Open(Path, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_APPEND);
        byte[] record = new byte[RecordSize];
        for (int i = 0; i < RecordsCount; i++)
        {
            record.AsSpan().Fill((byte)appended[writer]);
            BinaryPrimitives.WriteInt32LittleEndian(record, writer);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), appended[writer]++);
            log.Write(record);
        }

        Succeeds(Syscall.fsync(log.Number));
    }

    private void Check()
    {
        using Descriptor log = Descriptor.Open(Path, OpenFlags.O_RDONLY);
        int length = appended.Sum() * RecordSize;
        byte[] all = log.ReadAt(0, length + 1);
        Assert.Equal(length, all.Length);
        int[] found = new int[WritersCount];
        for (int offset = 0; offset < all.Length; offset += RecordSize)
        {
            ReadOnlySpan<byte> record = all.AsSpan(offset, RecordSize);
            int writer = BinaryPrimitives.ReadInt32LittleEndian(record);
            Assert.InRange(writer, 0, WritersCount - 1);
            Assert.Equal(found[writer], BinaryPrimitives.ReadInt32LittleEndian(record[4..]));
            Assert.Equal(-1, record[8..].IndexOfAnyExcept((byte)found[writer]++));
        }
    }
}
