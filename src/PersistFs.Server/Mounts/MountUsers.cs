using System.Globalization;

namespace PersistFs.Server.Mounts;

/// <summary>Finds the processes that keep a mount busy.</summary>
public static class MountUsers
{
    private const int CountMax = 5;

    /// <summary>
    /// To look into a process can take for ever where that one is stuck, as on a tree whose server has stopped.
    /// </summary>
    private static readonly TimeSpan SearchMax = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Processes with a file, directory or mapping below <paramref name="mountPoint"/>: "123 (bash)".
    /// </summary>
    /// <remarks>Only those this user may look into, no more than five, and those that a second is enough for.</remarks>
    public static IReadOnlyList<string> Find(string mountPoint)
    {
        List<string> users = [];
        Thread search = new(() => Search(mountPoint, users)) { IsBackground = true, Name = "mount-users" };
        search.Start();
        search.Join(SearchMax);
        lock (users) return [.. users];
    }

    private static void Search(string mountPoint, List<string> users)
    {
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            string name = Path.GetFileName(process);
            bool isProcess = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id);
            if (!isProcess || id == Environment.ProcessId || !Holds(process, mountPoint)) continue;
            lock (users) users.Add($"{name} ({CommandOf(process)})");
            if (users.Count == CountMax) return;
        }
    }

    private static bool Holds(string process, string mountPoint)
    {
        try
        {
            return IsBelow(process + "/cwd", mountPoint)
                || IsBelow(process + "/root", mountPoint)
                || Descriptors(process).Any(link => IsBelow(link, mountPoint))
                || File.ReadLines(process + "/maps").Any(line => line.Contains(" " + mountPoint + "/"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or belongs to somebody else.
        }
    }

    /// <summary>
    /// The links in fd/, by the names in fdinfo/. If fd/ itself were listed, the runtime would follow each link, into
    /// trees that may never answer.
    /// </summary>
    private static IEnumerable<string> Descriptors(string process) =>
        Directory.EnumerateFiles(process + "/fdinfo").Select(file => $"{process}/fd/{Path.GetFileName(file)}");

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
