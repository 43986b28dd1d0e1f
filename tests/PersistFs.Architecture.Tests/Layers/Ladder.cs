namespace PersistFs.Architecture.Tests.Layers;

/// <summary>
/// An order of rooms, lowest first: <c>A &lt; B | C &lt; D</c>. A room knows the rooms below it, and no other; rooms
/// on one rung do not know each other.
/// </summary>
internal sealed class Ladder
{
    private readonly Dictionary<string, int> rungs = new(StringComparer.Ordinal);

    public Ladder(string order)
    {
        string[] rungsInOrder = order.Split('<', StringSplitOptions.TrimEntries);
        for (int rung = 0; rung < rungsInOrder.Length; rung++)
        {
            foreach (string room in rungsInOrder[rung].Split('|', StringSplitOptions.TrimEntries)) rungs[room] = rung;
        }
    }

    public IReadOnlyCollection<string> Rooms => rungs.Keys;

    /// <summary>Whether <paramref name="from"/> may know <paramref name="to"/>.</summary>
    public bool Allows(string from, string to) =>
        from == to || (rungs.TryGetValue(from, out int upper) && rungs.TryGetValue(to, out int lower) && lower < upper);
}
