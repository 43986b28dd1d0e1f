using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Transactions;

/// <summary>One thread's worth of random allocations. What it holds carries its mark, and only its mark.</summary>
internal sealed class AllocatorUser
{
    private const int HeldMax = 400;
    private const int StepsMax = 6;

    private readonly Volume volume;
    private readonly Worker worker;
    private readonly SeededRandom random;
    private readonly List<Holding> held = [];
    private ulong marks;

    public AllocatorUser(Volume volume, Worker worker, ulong seed)
    {
        this.volume = volume;
        this.worker = worker;
        random = new SeededRandom(seed);
        marks = (ulong)worker.Slot << 48;
    }

    private readonly record struct Holding(ArenaPointer Pointer, BlockType Type, ulong Mark);

    public string? Failure { get; private set; }

    public void Run(int rounds)
    {
        try
        {
            for (int round = 0; round < rounds && Failure is null; round++) Step();
        }
        catch (Exception exception)
        {
            Failure = exception.ToString();
        }
    }

    public void FreeAll()
    {
        while (held.Count > 0)
        {
            using Transaction transaction = worker.Begin();
            FreeOne(transaction);
            transaction.Commit();
        }
    }

    private void Step()
    {
        using Transaction transaction = worker.Begin();
        if (!transaction.TryReserve(StepsMax)) return;
        List<Holding> before = [.. held];
        for (int step = random.Next(StepsMax) + 1; step > 0; step--)
        {
            if (held.Count > HeldMax || held.Count > 0 && random.OneIn(2)) FreeOne(transaction);
            else Allocate(transaction);
        }
        if (random.OneIn(4))
        {
            held.Clear();
            held.AddRange(before);
            return;
        }
        transaction.Commit();
    }

    private void Allocate(Transaction transaction)
    {
        ulong position = random.Next(0UL, 1UL << 40);
        ArenaPointer pointer;
        BlockType type = random.Next(16) switch
        {
            0 => BlockType.DataFrame,
            < 5 => BlockType.Data,
            5 => BlockType.InodeSlab,
            _ => (BlockType)((int)BlockType.FirstSlab + random.Next(SizeClass.Count)),
        };
        if (type == BlockType.DataFrame)
        {
            if (!transaction.TryAllocateDataFrame(volume.DefaultTree.Root, position, out pointer,
                out bool isZeroed)) return;
            if (isZeroed && volume.Space.Arena.Bytes(pointer, Layout.FrameSizeInBytes).ContainsAnyExcept((byte)0))
                Failure = $"Frame {pointer.Frame} is said to be zero, and is not.";
        }
        else
        {
            pointer = type == BlockType.Data
                ? transaction.AllocateBlock(BlockUse.Of(type, volume.DefaultTree.Root, 0, position))
                : transaction.AllocateObject(type);
        }
        ulong mark = ++marks;
        // The whole is marked at both ends, so that neighbours which overlap are noticed.
        transaction.WriteFresh(pointer, in mark);
        transaction.WriteFresh(LastWordOf(pointer, type), in mark);
        held.Add(new Holding(pointer, type, mark));
    }

    private void FreeOne(Transaction transaction)
    {
        int index = random.Next(held.Count);
        Holding holding = held[index];
        ulong first = volume.Space.Arena.At<ulong>(holding.Pointer);
        ulong last = volume.Space.Arena.At<ulong>(LastWordOf(holding.Pointer, holding.Type));
        if (first != holding.Mark || last != holding.Mark)
            Failure = $"{holding} has the marks {first:x} and {last:x}: somebody else has it as well.";
        held[index] = held[^1];
        held.RemoveAt(held.Count - 1);
        transaction.Free(holding.Pointer, holding.Type);
    }

    private static ArenaPointer LastWordOf(ArenaPointer pointer, BlockType type)
    {
        int size = type == BlockType.DataFrame ? Layout.FrameSizeInBytes : SizeClass.ObjectSize(type);
        return pointer + (ulong)(size - sizeof(ulong));
    }
}
