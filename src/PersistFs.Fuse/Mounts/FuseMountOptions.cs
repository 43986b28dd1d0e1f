using System.Globalization;
using System.Text;
using PersistFs.Linux;

namespace PersistFs.Fuse.Mounts;

/// <summary>What to mount where, and how.</summary>
public sealed record FuseMountOptions
{
    /// <summary>The directory to mount on, as an absolute path.</summary>
    public required string Target { get; init; }

    /// <summary>What /proc/mounts shows as the source.</summary>
    public required string Source { get; init; }

    /// <summary>What follows "fuse." in the type that /proc/mounts shows.</summary>
    public string Subtype { get; init; } = "persistfs";

    /// <summary>Options every filesystem has.</summary>
    public MountFlags Flags { get; init; }

    /// <summary>Whether others than the mounting user may enter.</summary>
    public bool AllowOther { get; init; } = true;

    /// <summary>
    /// Whether the kernel checks permissions by mode, owner and ACL. Without it the file system checks every call.
    /// </summary>
    public bool DefaultPermissions { get; init; } = true;

    /// <summary>Permission and type bits of the root directory until it is first looked at.</summary>
    public uint RootMode { get; init; } = ModeBits.Directory;

    /// <summary>The filesystem type for mount(2).</summary>
    internal string Type => $"fuse.{Subtype}";

    /// <summary>The option string of mount(2) for an open /dev/fuse.</summary>
    internal string ToKernelOptions(int descriptor, uint userId, uint groupId)
    {
        string rootMode = Convert.ToString(RootMode, 8);
        StringBuilder text = new(string.Create(
            CultureInfo.InvariantCulture,
            $"fd={descriptor},rootmode={rootMode},user_id={userId},group_id={groupId}"));
        if (DefaultPermissions) text.Append(",default_permissions");
        if (AllowOther) text.Append(",allow_other");
        return text.ToString();
    }

    /// <summary>The option string of fusermount3(1), which gives the rest itself.</summary>
    internal string ToHelperOptions()
    {
        StringBuilder text = new($"fsname={Escape(Source)},subtype={Escape(Subtype)}");
        if (DefaultPermissions) text.Append(",default_permissions");
        if (AllowOther) text.Append(",allow_other");
        foreach ((MountFlags flag, string name) in HelperNames)
        {
            if ((Flags & flag) != 0) text.Append(',').Append(name);
        }
        return text.ToString();
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    private static readonly (MountFlags Flag, string Name)[] HelperNames =
    [
        (MountFlags.ReadOnly, "ro"),
        (MountFlags.NoSetUserId, "nosuid"),
        (MountFlags.NoDevices, "nodev"),
        (MountFlags.NoExecute, "noexec"),
        (MountFlags.Synchronous, "sync"),
        (MountFlags.DirectorySynchronous, "dirsync"),
        (MountFlags.NoAccessTime, "noatime"),
    ];
}
