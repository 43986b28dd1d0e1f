using System.Text.Json;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Kexec;

/// <summary>What is to be taken up again after a kexec: one tree, as it was when it was made ready.</summary>
public sealed record KexecRecord
{
    /// <summary>Where records lie: a place that outlives the kernel where the machine's root does.</summary>
    public static string Directory =>
        Environment.GetEnvironmentVariable("PERSISTFS_STATE_DIR") is { Length: > 0 } chosen
            ? chosen : "/var/lib/persistfs/kexec";

    public required string MountPoint { get; init; }

    public required string Arena { get; init; }

    /// <summary>The arena's identity.</summary>
    public required string Uuid { get; init; }

    public required KexecRoute Route { get; init; }

    /// <summary>The image to restore it from; null for other routes.</summary>
    public string? Image { get; init; }

    /// <summary>The unit that serves it, which brings it back itself; null where there is none.</summary>
    public string? Unit { get; init; }

    /// <summary>Settings of the server, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Inodes in use when it was made ready.</summary>
    public ulong InodesUsed { get; init; }

    /// <summary>The kernel under which it was made ready.</summary>
    public Guid BootId { get; init; }

    /// <summary>When the tree was to thaw by itself: what has changed later is in no image.</summary>
    public DateTimeOffset? FrozenUntil { get; init; }

    /// <summary>Whether it says what is needed; JSON from elsewhere may have null wherever it likes.</summary>
    private bool IsSound => MountPoint is not null && Path.IsPathRooted(MountPoint) && Arena is not null
        && Uuid is not null && Settings is not null && Settings.All(setting => setting.Value is not null)
        && Route is not KexecRoute.None && (Route is not KexecRoute.Image || Image is not null);

    /// <summary>Keeps it, whole or not at all, and through a power loss.</summary>
    /// <exception cref="FailureException">It cannot be written.</exception>
    public void Write()
    {
        string path = PathOf(MountPoint);
        RuntimePaths.CreateDirectory(Directory);
        try
        {
            using (FileStream file = File.Create(path + ".new"))
            {
                JsonSerializer.Serialize(file, this, KexecJson.Default.KexecRecord);
                file.Flush(flushToDisk: true);
            }
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.InputOutput, $"{path}: cannot be written: {exception.Message}",
                "make room there, or name another directory in PERSISTFS_STATE_DIR");
        }
    }

    /// <summary>What is kept of a tree; null where nothing is, or nothing that can be read.</summary>
    public static KexecRecord? Find(string mountPoint) =>
        File.Exists(PathOf(mountPoint)) ? TryRead(PathOf(mountPoint), onFault: null) : null;

    /// <summary>What is kept of a tree, or of all; and for each file that is no record: why.</summary>
    /// <param name="mountPoint">The tree; null for all.</param>
    /// <param name="onFault">Told of each file that is no record.</param>
    public static IReadOnlyList<KexecRecord> ReadAll(string? mountPoint, Action<string> onFault)
    {
        if (!System.IO.Directory.Exists(Directory)) return [];
        IEnumerable<string> paths = mountPoint is null
            ? System.IO.Directory.EnumerateFiles(Directory, "*.json").Order(StringComparer.Ordinal)
            : [PathOf(mountPoint)];
        return [.. paths.Where(File.Exists).Select(path => TryRead(path, onFault)).OfType<KexecRecord>()];
    }

    /// <summary>Removes what is kept of a tree, if anything is: what pkram= names was never noted here.</summary>
    public static void Remove(string mountPoint)
    {
        string path = PathOf(mountPoint);
        if (File.Exists(path)) File.Delete(path);
    }

    private static KexecRecord? TryRead(string path, Action<string>? onFault)
    {
        try
        {
            KexecRecord? record = JsonSerializer.Deserialize(File.ReadAllBytes(path), KexecJson.Default.KexecRecord);
            if (record?.IsSound == true) return record;
            onFault?.Invoke($"{path}: is no record of a tree");
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            onFault?.Invoke($"{path}: cannot be read: {exception.Message}");
            return null;
        }
    }

    private static string PathOf(string mountPoint) =>
        Path.Combine(Directory, RuntimePaths.Escape(mountPoint) + ".json");
}
