using System.Globalization;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>Descriptors kept by name, as systemd's store keeps them.</summary>
internal sealed class DescriptorTable : IDisposable
{
    /// <summary>Above all places that a program finds stored descriptors at.</summary>
    private const int NumberMin = 512;

    /// <summary>
    /// More are refused, as by FileDescriptorStoreMax=: /dev/fuse, and the segments of an arena each with its session.
    /// </summary>
    public const int CountMax = 160;

    private readonly List<(string Name, int Descriptor)> kept = [];

    public int Count => kept.Count;

    /// <summary>As $LISTEN_FDNAMES has it.</summary>
    public string Names => string.Join(':', kept.Select(entry => entry.Name));

    /// <summary>The descriptors, in the order of <see cref="Names"/>.</summary>
    public IEnumerable<int> Descriptors => kept.Select(entry => entry.Descriptor);

    /// <summary>Whether memory of an arena is among them, which is gone when nobody keeps it.</summary>
    public bool HasArena => kept.Any(entry => DescriptorName.IsArena(entry.Name));

    /// <summary>Each as NAME=NUMBER.</summary>
    public IEnumerable<string> Entries => kept.Select(
        entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Name}={entry.Descriptor}"));

    /// <summary>Each, to be passed on.</summary>
    public IReadOnlyList<(string Name, int Descriptor)> All => kept;

    /// <summary>Goes on keeping what this process has kept, under the same number.</summary>
    public void Adopt(string name, int descriptor) => kept.Add((name, descriptor));

    /// <summary>Keeps a duplicate; the caller closes its own.</summary>
    /// <returns>Whether there was room.</returns>
    public bool Store(string name, int descriptor)
    {
        if (kept.Count == CountMax || name.Contains(':')) return false;
        if (Libc.DuplicateFrom(descriptor, NumberMin, out int duplicate) != Errno.OK) return false;
        kept.Add((name, duplicate));
        return true;
    }

    /// <summary>Closes all that are kept under <paramref name="name"/>.</summary>
    public void Remove(string name)
    {
        foreach ((string keptName, int descriptor) in kept)
        {
            if (keptName == name) _ = Libc.Close(descriptor);
        }
        kept.RemoveAll(entry => entry.Name == name);
    }

    public void Dispose()
    {
        foreach (int descriptor in Descriptors) _ = Libc.Close(descriptor);
        kept.Clear();
    }
}
