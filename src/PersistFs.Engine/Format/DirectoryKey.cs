using System.Runtime.CompilerServices;

namespace PersistFs.Engine.Format;

/// <summary>
/// A name's place in its directory: 56 bits of hash and a number that tells equal hashes apart (FORMAT.md, section
/// 10).
/// </summary>
internal readonly record struct DirectoryKey(ulong Value)
{
    /// <summary>Keys have this many bits; they are readdir cookies, which are signed.</summary>
    public const int Bits = 63;

    /// <summary>Names of one hash in one directory.</summary>
    public const int NumbersPerHash = 1 << NumberBits;

    public const int IndexBits = 9;
    public const int NodeDepthMax = 6;
    private const int NumberBits = 7;

    public ulong Hash => Value >> NumberBits;

    public int Number => (int)Value & (NumbersPerHash - 1);

    /// <summary>What a leaf's slot holds of the key.</summary>
    public uint Fingerprint => (ushort)(Value >> NumberBits);

    public static DirectoryKey OfName(ulong seedLow, ulong seedHigh, ReadOnlySpan<byte> name)
    {
        ulong hash = SipHash.Compute(seedLow, seedHigh, name) >> 8;
        return new DirectoryKey(Math.Max(hash, 1) << NumberBits);
    }

    public DirectoryKey WithNumber(int number) => new(Value & ~(NumbersPerHash - 1UL) | (uint)number);

    /// <summary>Index of this key in a node at <paramref name="depth"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int IndexAt(int depth) => (int)(Value >> Bits - IndexBits * (depth + 1)) & (1 << IndexBits) - 1;

    /// <summary>The bits above those that index a node at <paramref name="depth"/>: the node's position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong PrefixAt(int depth) => depth == 0 ? 0 : Value >> Bits - IndexBits * depth;

    /// <summary>Bit <paramref name="position"/> counted from the top, 0 to 62.</summary>
    public int BitAt(int position) => (int)(Value >> Bits - 1 - position) & 1;
}
