using System.Globalization;

namespace PersistFs.Server;

/// <summary>Finds out who keeps a mount busy.</summary>
public static class MountHolders
{
    private const int HoldersMax = 5;

    /// <summary>
    /// Processes with a file, directory or mapping below <paramref name="mountPoint"/>: "123 (bash)".
    /// </summary>
    /// <remarks>Only those this user may look into, and no more than five.</remarks>
    public static IReadOnlyList<string> Find(string mountPoint)
    {
        List<string> holders = [];
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            string name = Path.GetFileName(process);
            bool isProcess = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id);
            if (!isProcess || id == Environment.ProcessId || holders.Count == HoldersMax) continue;
            if (Holds(process, mountPoint)) holders.Add($"{name} ({CommandOf(process)})");
        }
        return holders;
    }

    private static bool Holds(string process, string mountPoint)
    {
        try
        {
            return IsBelow(process + "/cwd", mountPoint)
                || IsBelow(process + "/root", mountPoint)
                || Directory.EnumerateFileSystemEntries(process + "/fd").Any(link => IsBelow(link, mountPoint))
                || File.ReadLines(process + "/maps").Any(line => line.Contains(" " + mountPoint + "/"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or belongs to somebody else.
        }
    }

    private static bool IsBelow(string link, string mountPoint) =>
        new FileInfo(link).LinkTarget is { } target
        && (target == mountPoint || target.StartsWith(mountPoint + "/", StringComparison.Ordinal));

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText(process + "/comm").Trim();
        }
        catch (IOException)
        {
            return "ended";
        }
    }
}
