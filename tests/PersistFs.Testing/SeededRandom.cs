namespace PersistFs.Testing;

/// <summary>
/// Random numbers that a seed repeats on any machine and runtime: splitmix64 (Steele, Lea, Flood, 2014).
/// </summary>
public sealed class SeededRandom
{
    private ulong state;

    public SeededRandom(ulong seed) => state = seed;

    public ulong NextWord()
    {
        state += 0x9E37_79B9_7F4A_7C15;
        ulong word = state;
        word = (word ^ word >> 30) * 0xBF58_476D_1CE4_E5B9;
        word = (word ^ word >> 27) * 0x94D0_49BB_1331_11EB;
        return word ^ word >> 31;
    }

    /// <summary>A number from 0 to before <paramref name="end"/>, which is positive.</summary>
    public int Next(int end) => (int)(NextWord() % (uint)end);

    /// <summary>A number from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    public ulong Next(ulong start, ulong end) => start + NextWord() % (end - start);

    /// <summary>True in one of <paramref name="cases"/> cases.</summary>
    public bool OneIn(int cases) => Next(cases) == 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    public void Fill(Span<byte> bytes)
    {
        for (int index = 0; index < bytes.Length; index++) bytes[index] = (byte)NextWord();
    }
}
