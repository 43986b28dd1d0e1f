using System.Globalization;

namespace PersistFs.Server.Supervision;

/// <summary>What a supervisor is told, as it stands on its command line.</summary>
/// <param name="ReadyDescriptor">The pipe to the process that waits for the mount; -1 for none.</param>
/// <param name="MountPoint">The directory the server mounts on, as the kernel writes it.</param>
/// <param name="Program">The file of the server's program.</param>
/// <param name="Arguments">The server's arguments, its name first.</param>
public sealed record SupervisorArguments(
    int ReadyDescriptor, string MountPoint, string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>The verb before these arguments.</summary>
    public const string Verb = "keep";

    private const int FixedCount = 3;

    /// <summary>Reads them; null where they are not what <see cref="ToStrings"/> makes.</summary>
    public static SupervisorArguments? Parse(ReadOnlySpan<string> strings)
    {
        bool isWhole = strings.Length > FixedCount
            & int.TryParse(strings.IsEmpty ? "" : strings[0], CultureInfo.InvariantCulture, out int descriptor);
        if (!isWhole) return null;
        return new SupervisorArguments(descriptor, strings[1], strings[2], strings[FixedCount..].ToArray());
    }

    public IEnumerable<string> ToStrings() =>
        [ReadyDescriptor.ToString(CultureInfo.InvariantCulture), MountPoint, Program, .. Arguments];
}
