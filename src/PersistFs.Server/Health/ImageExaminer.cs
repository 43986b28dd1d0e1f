using System.Globalization;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Health;

/// <summary>Says of a tree that goes to the next kernel by an image, or not at all, where that would be.</summary>
public static class ImageExaminer
{
    private const string Promise = "image";

    /// <summary>Whether there is one, and room for the next.</summary>
    /// <param name="report">The tree, which is mounted.</param>
    /// <param name="facts">What there is.</param>
    public static HealthCheck Examine(StatusReport report, ImageFacts facts)
    {
        // An image takes its name when it is whole: until then the one before takes room as well.
        bool hasRoom = facts.BytesFree is not { } free || free >= report.BytesUsed;
        string room = facts.BytesFree is null
            ? "how much room is there cannot be seen"
            : $"{SizeText.Format(report.BytesUsed)} needed, {SizeText.Format(facts.BytesFree.Value)} free";
        string save = $"persistfs save {report.MountPoint} {facts.Path}";
        if (!hasRoom)
        {
            return new HealthCheck(Promise, HealthStatus.Note, $"{facts.Path}: no room for an image: {room}",
                "make room there, or name another place: --image of kexec prepare, IMAGE= of the units");
        }
        if (facts.SavedAt is not { } savedAt)
        {
            return new HealthCheck(Promise, HealthStatus.Note, $"{facts.Path}: there is none; {room}",
                $"{save}, or systemctl enable --now persistfs-save@{RuntimePaths.Escape(report.MountPoint!)}.timer");
        }
        string time = savedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new HealthCheck(Promise, HealthStatus.Holds, $"{facts.Path}: the tree as it was at {time}; {room}");
    }
}
