using System.Buffers.Binary;
using System.Numerics;

namespace PersistFs.Engine.Format;

/// <summary>SipHash-1-3: a keyed hash that nobody without the key can aim collisions at.</summary>
/// <remarks>
/// Part of the format: keys of directory entries and checksums are results of it. Aumasson and Bernstein, 2012.
/// </remarks>
internal static class SipHash
{
    public static ulong Compute(ulong keyLow, ulong keyHigh, ReadOnlySpan<byte> bytes)
    {
        ulong v0 = keyLow ^ 0x736f6d6570736575;
        ulong v1 = keyHigh ^ 0x646f72616e646f6d;
        ulong v2 = keyLow ^ 0x6c7967656e657261;
        ulong v3 = keyHigh ^ 0x7465646279746573;
        ulong length = (ulong)bytes.Length << 56;
        while (bytes.Length >= sizeof(ulong))
        {
            Absorb(ref v0, ref v1, ref v2, ref v3, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        for (int index = 0; index < bytes.Length; index++) length |= (ulong)bytes[index] << 8 * index;
        Absorb(ref v0, ref v1, ref v2, ref v3, length);
        v2 ^= 0xFF;
        for (int round = 0; round < 3; round++) Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Absorb(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3, ulong word)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
