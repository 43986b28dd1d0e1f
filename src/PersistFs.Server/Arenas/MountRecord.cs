using System.Text.Json;
using PersistFs.Engine.Volumes;
using PersistFs.Server.Status;

namespace PersistFs.Server.Arenas;

/// <summary>Where and how a tree is mounted, as its arena says it.</summary>
/// <param name="MountPoint">The mount point.</param>
/// <param name="Settings">Settings of the server, by name.</param>
public sealed record MountRecord(string MountPoint, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Keeps it in the arena; one that is too long is left out.</summary>
    internal void Store(Volume volume)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(this, ArenaJson.Default.MountRecord);
        if (bytes.Length <= Volume.MountRecordLengthMax) volume.StoreMountRecord(bytes);
    }

    /// <summary>Reads what an arena says; null if it says nothing of the kind. It may come from anywhere.</summary>
    public static MountRecord? Read(byte[]? bytes)
    {
        try
        {
            MountRecord? record = bytes is null
                ? null : JsonSerializer.Deserialize(bytes, ArenaJson.Default.MountRecord);
            bool isSound = record is { MountPoint: not null, Settings: not null }
                && Path.IsPathRooted(record.MountPoint)
                && record.Settings.All(setting => setting.Value is not null);
            return isSound ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
