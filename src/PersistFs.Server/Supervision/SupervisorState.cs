using System.Globalization;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>What a supervisor passes on when it goes on as another program, in the same process.</summary>
/// <param name="Lock">The descriptor of its lock.</param>
/// <param name="NotifySocket">The descriptor on which servers tell it how they are.</param>
/// <param name="ControlSocket">The descriptor on which it is asked for an upgrade.</param>
/// <param name="Server">The server's process, a child that is ready.</param>
/// <param name="Kept">What it keeps, by name.</param>
public sealed record SupervisorState(
    int Lock, int NotifySocket, int ControlSocket, int Server, IReadOnlyList<(string Name, int Descriptor)> Kept)
{
    /// <summary>In the environment of the program that goes on.</summary>
    public const string Variable = "PERSISTFS_KEEPER_STATE";

    /// <summary>Of what stands in <see cref="Variable"/> and on a supervisor's command line.</summary>
    public const int Version = DescriptorStore.SupervisorStateVersion;

    private const int FixedCount = 5;

    /// <summary>All descriptors that have to stay open.</summary>
    public IEnumerable<int> Descriptors =>
        [Lock, NotifySocket, ControlSocket, .. Kept.Select(entry => entry.Descriptor)];

    /// <summary>Reads it; null where it is not what <see cref="ToString"/> makes in this version.</summary>
    public static SupervisorState? Parse(string? text)
    {
        string[] words = text?.Split(' ') ?? [];
        if (words.Length < FixedCount) return null;
        int[] numbers = new int[FixedCount];
        for (int index = 0; index < FixedCount; index++)
        {
            if (!int.TryParse(words[index], CultureInfo.InvariantCulture, out numbers[index])) return null;
        }
        if (numbers[0] != Version) return null;
        var kept = new List<(string, int)>();
        foreach (string word in words[FixedCount..])
        {
            string[] parts = word.Split(':', 2);
            bool isNumber = int.TryParse(parts[0], CultureInfo.InvariantCulture, out int descriptor);
            if (parts.Length < 2 || !isNumber) return null;
            kept.Add((Uri.UnescapeDataString(parts[1]), descriptor));
        }
        return new SupervisorState(numbers[1], numbers[2], numbers[3], numbers[4], kept);
    }

    public override string ToString()
    {
        string numbers = string.Create(
            CultureInfo.InvariantCulture, $"{Version} {Lock} {NotifySocket} {ControlSocket} {Server}");
        IEnumerable<string> names = Kept.Select(entry => string.Create(
            CultureInfo.InvariantCulture, $"{entry.Descriptor}:{Uri.EscapeDataString(entry.Name)}"));
        return string.Join(' ', [numbers, .. names]);
    }
}
