using PersistFs.Engine.Testing;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>Random operations on two files, compared with arrays of bytes after each.</summary>
public sealed class DataModelTests(ITestOutputHelper output)
{
    private readonly byte[] noise = new byte[3 << 20];

    [Theory]
    [InlineData(1, 6_000, 300)]
    [InlineData(2, 60_000, 300)]
    [InlineData(3, 700_000, 200)]
    [InlineData(4, 14_000_000, 120)]
    [InlineData(5, 14_000_000, 120)]
    [InlineData(6, 3_000, 400)]
    [InlineData(7, 2_500_000, 200)]
    public void Files_are_what_arrays_of_bytes_are(int seed, int sizeMax, int steps)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        random.NextBytes(noise);
        using var arena = new TestArena(128UL << 20);
        DataFile.Stain(arena);
        long used = DataFile.UsedBlocks(arena);
        DataFile[] files = [new DataFile(arena), new DataFile(arena)];
        DataModel[] models = [new DataModel(), new DataModel()];
        for (int step = 0; step < steps; step++)
        {
            int index = random.Next(2);
            string done = Act(random, sizeMax, files, models, index);
            Compare(files[0], models[0], $"seed {seed} step {step} {done}");
            Compare(files[1], models[1], $"seed {seed} step {step} {done}");
            if (random.Next(10) == 0) arena.RequireClean();
            if (random.Next(40) == 0) arena.Reopen();
        }
        foreach (DataFile file in files) file.Delete();
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    private string Act(Random random, int sizeMax, DataFile[] files, DataModel[] models, int index)
    {
        DataFile file = files[index];
        DataModel model = models[index];
        int offset = Math.Min(Position(random, sizeMax, model.Size), sizeMax - 1);
        int length = Math.Min(Length(random, sizeMax), sizeMax - offset);
        switch (random.Next(12))
        {
            case 0 or 1 or 2:
                return Write(file, model, offset, noise.AsSpan(random.Next(1000), Math.Min(length, 2 << 20)));
            case 3 or 4 or 5:
                length = Math.Min(Math.Min(length, 2 << 20), sizeMax - model.Size);
                return Write(file, model, model.Size, noise.AsSpan(random.Next(1000), length));
            case 6:
                Assert.Equal(Errno.OK, file.SetSize((ulong)offset));
                model.SetSize(offset);
                return $"size {offset}";
            case 7 when random.Next(4) == 0:
                Assert.Equal(Errno.OK, file.SetSize(0));
                model.SetSize(0);
                return "size 0";
            case 8:
                return Copy(random, sizeMax, files, models, index);
            case 9:
                CompareSeek(file, model, offset);
                return "seek";
            default:
                return Allocate(random, file, model, offset, Math.Max(1, length));
        }
    }

    private static string Write(DataFile file, DataModel model, int offset, ReadOnlySpan<byte> data)
    {
        Assert.Equal(Errno.OK, file.Write((ulong)offset, data));
        model.Write(offset, data);
        return $"write {offset} + {data.Length}";
    }

    private static string Allocate(Random random, DataFile file, DataModel model, int offset, int length)
    {
        FallocateMode mode = random.Next(5) switch
        {
            0 => FallocateMode.Allocate,
            1 => FallocateMode.KeepSize,
            2 => FallocateMode.ZeroRange,
            3 => FallocateMode.ZeroRange | FallocateMode.KeepSize,
            _ => FallocateMode.PunchHole | FallocateMode.KeepSize,
        };
        ulong before = file.Record.BlockCount;
        Assert.Equal(Errno.OK, file.Allocate((ulong)offset, (ulong)length, mode));
        if ((mode & FallocateMode.KeepSize) == 0 && offset + length > model.Size) model.SetSize(offset + length);
        if ((mode & ~FallocateMode.KeepSize) != 0) model.Zero(offset, length);
        bool punches = (mode & FallocateMode.PunchHole) != 0;
        Assert.True(punches ? file.Record.BlockCount <= before : file.Record.BlockCount >= before);
        return $"allocate {mode} {offset} + {length}";
    }

    private static string Copy(Random random, int sizeMax, DataFile[] files, DataModel[] models, int index)
    {
        int other = random.Next(2);
        DataModel source = models[index];
        int from = Position(random, sizeMax, source.Size);
        int to = Math.Min(Position(random, sizeMax, models[other].Size), sizeMax - 1);
        int length = Math.Min(Length(random, sizeMax), sizeMax - to);
        length = Math.Min(length, Math.Max(0, source.Size - from));
        if (index == other) length = Math.Min(length, Math.Abs(from - to));
        Errno error = files[index].CopyTo(files[other], (ulong)from, (ulong)to, (ulong)length, out ulong copied);
        Assert.Equal(Errno.OK, error);
        Assert.Equal((ulong)length, copied);
        source.Copy(from, models[other], to, length);
        return $"copy {index} {from} to {other} {to} + {length}";
    }

    private static void CompareSeek(DataFile file, DataModel model, int offset)
    {
        Errno error = file.Seek((ulong)offset, SeekTarget.Data, out ulong data);
        int first = offset >= model.Size ? -1 : model.Bytes[offset..].IndexOfAnyExcept((byte)0);
        if (error == Errno.ENXIO) Assert.Equal(-1, first);
        else Assert.InRange(data, (ulong)offset, (ulong)(first < 0 ? model.Size - 1 : offset + first));
        error = file.Seek((ulong)offset, SeekTarget.Hole, out ulong hole);
        Assert.Equal(offset >= model.Size ? Errno.ENXIO : Errno.OK, error);
        if (error != Errno.OK) return;
        Assert.True(hole >= (ulong)offset && hole <= (ulong)model.Size);
        if (hole < (ulong)model.Size)
        {
            int end = (int)Math.Min((ulong)model.Size, (hole | 4095) + 1);
            Assert.Equal(-1, model.Bytes[(int)hole..end].IndexOfAnyExcept((byte)0));
        }
    }

    private static int Position(Random random, int sizeMax, int size) => random.Next(6) switch
    {
        0 => random.Next(sizeMax) & ~4095,
        1 => Math.Min(sizeMax, size),
        2 => random.Next(size + 1),
        3 => random.Next(size + 1) & ~4095,
        4 => random.Next(Math.Min(sizeMax, 5000)),
        _ => random.Next(sizeMax),
    };

    private static int Length(Random random, int sizeMax) => random.Next(5) switch
    {
        0 => random.Next(1, 100),
        1 => random.Next(1, 5000),
        2 => 4096 * random.Next(1, 20),
        3 => random.Next(1, Math.Min(sizeMax, 300_000)),
        _ => random.Next(1, sizeMax),
    };

    private static void Compare(DataFile file, DataModel model, string context)
    {
        Assert.Equal((ulong)model.Size, file.Record.Size);
        byte[] bytes = file.Read(0, model.Size + 1);
        int same = bytes.AsSpan().CommonPrefixLength(model.Bytes);
        Assert.True(same == model.Size && bytes.Length == model.Size, $"{context}: differs at {same} of {model.Size}");
    }
}
