using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>
/// Damages an arena in ways that a seed decides: flipped bits, foreign words, swapped and lost ranges.
/// </summary>
internal sealed class Mutator
{
    private const int DamagesMax = 4;

    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 7, 8, 64, 255, 256, 4095, 4096, ushort.MaxValue, uint.MaxValue, int.MaxValue, long.MaxValue,
        ulong.MaxValue,
        1UL << 21, (1UL << 21) + 4096, 1UL << 24, 1UL << 48, (1UL << 48) - 1, 1UL << 55, 1UL << 56, 1UL << 63,
    ];

    private readonly FuzzImage image;
    private readonly SnapshotBacking target;
    private readonly SeededRandom random;

    public Mutator(FuzzImage image, SnapshotBacking target, SeededRandom random)
    {
        this.image = image;
        this.target = target;
        this.random = random;
    }

    public void Damage()
    {
        for (int count = 1 + random.Next(DamagesMax); count > 0; count--) DamageOnce();
        // Otherwise mostly the checksums would be tested.
        if (random.OneIn(2)) CorrectChecksums();
    }

    private void DamageOnce()
    {
        FuzzRange range = random.Pick(image.Ranges);
        ulong word = WordIn(range);
        switch (random.Next(8))
        {
            case 0 or 1:
                Bytes(word, 8)[random.Next(8)] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                Write(word, random.Pick(Interesting));
                break;
            case 3:
                Write(word, Read(word) + (random.OneIn(2) ? random.Pick(Interesting) : 0 - random.Pick(Interesting)));
                break;
            case 4:
                Write(word, Read(WordIn(random.Pick(image.Ranges))));
                break;
            case 5:
                Write(word, random.NextWord());
                break;
            case 6:
                CopyFrom(random.Pick(image.Ranges), range);
                break;
            default:
                Bytes(range.Offset, range.Length).Fill((byte)(random.OneIn(2) ? 0 : random.Next(256)));
                break;
        }
    }

    private void CopyFrom(FuzzRange source, FuzzRange destination)
    {
        int length = Math.Min(source.Length, destination.Length);
        Bytes(source.Offset, length).CopyTo(Bytes(destination.Offset, length));
    }

    private void CorrectChecksums()
    {
        foreach (ulong page in (ulong[])[0, Layout.SuperblockCopyOffset, Layout.RootPageOffset,
            Layout.RootPageOffset + 4096])
        {
            ref RootPage content = ref MemoryMarshal.AsRef<RootPage>(Bytes(page, Layout.BlockSizeInBytes));
            if (content.Generation != 0) content.Checksum = Checksum.Of(in content);
        }
    }

    /// <summary>Position of a word in a range; now and then not an aligned one.</summary>
    private ulong WordIn(FuzzRange range)
    {
        int words = Math.Max(range.Length / sizeof(ulong), 1);
        ulong offset = range.Offset + (ulong)(random.Next(words) * sizeof(ulong));
        return random.OneIn(8) ? offset + (ulong)random.Next(8) : offset;
    }

    private ulong Read(ulong offset) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(offset, sizeof(ulong)));

    private void Write(ulong offset, ulong word) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes(offset, sizeof(ulong)), word);

    private Span<byte> Bytes(ulong offset, int length) =>
        target.Bytes(Math.Min(offset, target.Length - (ulong)length), length);
}
