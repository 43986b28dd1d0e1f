using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Tests.Volumes;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Structures;

/// <summary>
/// Maps that are not what they should be: an exception that callers expect, and never a crash or a hang.
/// </summary>
public sealed class ExtentMapDamageTests(ITestOutputHelper output)
{
    private readonly byte[] data = new byte[1 << 20];

    [Theory]
    [InlineData(0x10UL)]
    [InlineData(0x20UL)]
    [InlineData(0x4UL)]
    [InlineData(1UL << 60)]
    public void An_entry_with_an_unknown_bit_is_refused(ulong bit)
    {
        using TestArena arena = CreateDamaged(out DataFile file, out _);
        Overwrite(arena, in file.Record.Contents, file.Record.Contents ^ bit);
        RequireRefused(arena, file);
    }

    [Fact]
    public void A_block_of_another_file_is_refused()
    {
        using TestArena arena = CreateDamaged(out DataFile file, out DataFile other);
        ref readonly ulong entry = ref EntryOf(arena, in file.Record.Contents, 0);
        ref readonly ulong foreign = ref EntryOf(arena, in other.Record.Contents, 0);
        Overwrite(arena, in entry, foreign);
        RequireRefused(arena, file);
    }

    [Fact]
    public void A_block_at_the_wrong_place_of_its_own_file_is_refused()
    {
        using TestArena arena = CreateDamaged(out DataFile file, out _);
        ref readonly ulong first = ref EntryOf(arena, in file.Record.Contents, 0);
        Overwrite(arena, in first, EntryOf(arena, in file.Record.Contents, 1));
        RequireRefused(arena, file);
    }

    [Fact]
    public void A_node_below_itself_is_refused()
    {
        using TestArena arena = CreateDamaged(out DataFile file, out _);
        Assert.Equal(Errno.OK, file.Write(1UL << 40, data));
        ref readonly ulong below = ref EntryOf(arena, in file.Record.Contents, 0);
        Overwrite(arena, in below, file.Record.Contents);
        RequireRefused(arena, file);
    }

    [Theory]
    [InlineData(7, 9)]
    [InlineData(2, 6)]
    [InlineData(1, 4)]
    [InlineData(0, 3)]
    public void An_impossible_shape_is_refused(int height, int rootLog2)
    {
        using TestArena arena = CreateDamaged(out DataFile file, out _);
        ContentsWord word = file.Word.WithShape(ContentsKind.Mapped, height, rootLog2);
        Overwrite(arena, in file.Record.ContentsWord, word.Value);
        RequireRefused(arena, file);
    }

    [Fact]
    public void Packed_contents_of_more_bytes_than_their_object_has_are_refused()
    {
        using TestArena arena = CreateDamaged(out _, out _);
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Write(0, data.AsSpan(0, 100)));
        Overwrite(arena, in file.Record.Size, 2000UL);
        Assert.Throws<ArenaCorruptException>(() => file.Read(0, 4096));
        Assert.Throws<ArenaCorruptException>(() => file.Write(0, data));
        // Cutting everything off needs none of the bytes.
        Assert.Equal(Errno.OK, file.SetSize(0));
    }

    [Fact]
    public void Any_flipped_bits_are_survived()
    {
        const int Rounds = 300;
        for (int seed = 1; seed <= Rounds; seed++)
        {
            var random = new Random(seed);
            using TestArena arena = CreateDamaged(out DataFile file, out DataFile other);
            if (seed % 2 == 0) Assert.Equal(Errno.OK, file.Write(9 << 20, data));
            for (int flips = random.Next(1, 4); flips > 0; flips--) Flip(arena, file, random);
            output.WriteLine($"seed {seed}");
            for (int step = 0; step < 8; step++) TryOne(file, other, random);
        }
    }

    private TestArena CreateDamaged(out DataFile file, out DataFile other)
    {
        var arena = new TestArena { IsDamaged = true };
        file = new DataFile(arena);
        other = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Write(0, data));
        Assert.Equal(Errno.OK, other.Write(0, data));
        return arena;
    }

    private void RequireRefused(TestArena arena, DataFile file)
    {
        Assert.Throws<ArenaCorruptException>(() => file.Read(0, 4096));
        Assert.Throws<ArenaCorruptException>(() => file.Write(0, data));
        Assert.Throws<ArenaCorruptException>(() => file.SetSize(0));
        // Nobody holds the lock, and others are not harmed.
        var healthy = new DataFile(arena);
        Assert.Equal(Errno.OK, healthy.Write(0, data));
    }

    private void TryOne(DataFile file, DataFile other, Random random)
    {
        ulong offset = (ulong)random.Next(12 << 20);
        try
        {
            switch (random.Next(7))
            {
                case 0:
                    file.Read(offset, 1 << 20);
                    break;
                case 1:
                    file.Write(offset, data.AsSpan(0, random.Next(data.Length)));
                    break;
                case 2:
                    file.Seek(offset, random.Next(2) == 0 ? SeekTarget.Data : SeekTarget.Hole, out _);
                    break;
                case 3:
                    file.Allocate(offset, 3 << 20, FallocateMode.PunchHole | FallocateMode.KeepSize);
                    break;
                case 4:
                    file.Allocate(offset, 3 << 20);
                    break;
                case 5:
                    file.CopyTo(other, offset, offset, 1 << 20, out _);
                    break;
                default:
                    file.SetSize(offset);
                    break;
            }
        }
        catch (ArenaCorruptException exception)
        {
            Assert.NotEmpty(exception.Message);
        }
    }

    /// <summary>Flips a bit in the record's contents, or in an entry of the root node.</summary>
    private static void Flip(TestArena arena, DataFile file, Random random)
    {
        ulong bit = 1UL << random.Next(64);
        switch (random.Next(4))
        {
            case 0:
                Overwrite(arena, in file.Record.Contents, file.Record.Contents ^ bit);
                break;
            case 1:
                Overwrite(arena, in file.Record.ContentsWord, file.Record.ContentsWord ^ 1UL << random.Next(26));
                break;
            case 2:
                Overwrite(arena, in file.Record.Size, file.Record.Size ^ bit);
                break;
            default:
                var root = new MapEntry(file.Record.Contents);
                if (!root.IsNode || root.Pointer.Value + 4096 > arena.Volume.Space.Arena.Length) break;
                if (!arena.Volume.Space.Table.IsInAllocatedBlock(root.Pointer)) break;
                ref readonly ulong entry = ref EntryOf(arena, in file.Record.Contents, random.Next(8));
                Overwrite(arena, in entry, entry ^ bit);
                break;
        }
    }

    private static ref readonly ulong EntryOf(TestArena arena, ref readonly ulong slot, int index) =>
        ref arena.Volume.Space.Arena.At<ulong>(new MapEntry(slot).Pointer + (ulong)index * sizeof(ulong));

    private static void Overwrite(TestArena arena, ref readonly ulong word, ulong value)
    {
        Arena memory = arena.Volume.Space.Arena;
        Store.Word(ref memory.Target<ulong>(memory.PointerTo(in word)), value);
    }
}
