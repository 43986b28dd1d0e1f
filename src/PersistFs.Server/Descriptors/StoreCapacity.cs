using System.Globalization;

namespace PersistFs.Server.Descriptors;

/// <summary>Counts what the store keeps: a full store drops what it is sent, without an error.</summary>
/// <param name="kind">What kind of store it is.</param>
/// <param name="most">How many descriptors it keeps; null where it did not say.</param>
/// <param name="names">What it has kept until now.</param>
internal sealed class StoreCapacity(DescriptorStoreKind kind, int? most, IEnumerable<string> names)
{
    /// <summary>The connection, and the server itself (<see cref="DescriptorStore.DepositServer"/>).</summary>
    private const int OthersCount = 2;

    /// <summary>What an arena of all segments needs, each with its session.</summary>
    public const int CountMax = OthersCount + 2 * DescriptorName.IndexEnd;

    private readonly HashSet<string> kept = [.. names];

    /// <summary>systemd before 254 tells when it is asked.</summary>
    private readonly Lazy<int?> limit = new(
        () => most ?? (kind == DescriptorStoreKind.Systemd ? ServiceUnit.StoreMaxOfOwn() : null));

    public void Add(string name)
    {
        lock (kept) kept.Add(name);
    }

    public void Remove(string name)
    {
        lock (kept) kept.Remove(name);
    }

    /// <summary>Why there is no room for what is called so; null where there is.</summary>
    public string? WhyFull(string name)
    {
        if (!DescriptorName.IsArena(name) || limit.Value is not { } count) return null;
        lock (kept)
        {
            if (kept.Contains(name) || kept.Count(DescriptorName.IsArena) + OthersCount < count) return null;
        }
        string cause = string.Create(CultureInfo.InvariantCulture,
            $"its descriptor store is full, with {count} descriptors");
        return kind == DescriptorStoreKind.Systemd
            ? string.Create(CultureInfo.InvariantCulture,
                $"{cause}: raise FileDescriptorStoreMax= in its unit; {CountMax} are enough for any arena")
            : cause;
    }
}
