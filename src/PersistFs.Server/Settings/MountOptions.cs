using System.Globalization;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Settings;

/// <summary>What the -o option of mount(8) says: the options every file system has, tmpfs's, and our own.</summary>
public sealed record MountOptions
{
    /// <summary>Options of the mount itself.</summary>
    public MountFlags Flags { get; init; }

    /// <summary>size=: bytes the tree may hold; null for half of memory, as tmpfs has it.</summary>
    public ulong? SizeInBytes { get; init; }

    /// <summary>max_size=: how far the arena may grow; null for the size.</summary>
    public ulong? SizeMaxInBytes { get; init; }

    /// <summary>nr_inodes=: files the tree may hold; 0 for no limit.</summary>
    public ulong InodeCountMax { get; init; }

    /// <summary>mode=: permission bits of the root directory; null leaves them as they are.</summary>
    public uint? RootMode { get; init; }

    /// <summary>uid=: owner of the root directory; null leaves it.</summary>
    public uint? RootUserId { get; init; }

    /// <summary>gid=: group of the root directory; null leaves it.</summary>
    public uint? RootGroupId { get; init; }

    /// <summary>huge=: of an arena that is placed on a tmpfs of its own.</summary>
    public HugePolicy Huge { get; init; } = HugePolicy.Always;

    /// <summary>mpol=: null leaves the kernel's own choice.</summary>
    public MemoryPolicy? MemoryPolicy { get; init; }

    /// <summary>
    /// writethrough or writeback; null: write-back where somebody holds the connection, else write-through.
    /// </summary>
    public CacheMode? CacheMode { get; init; }

    /// <summary>fixed: all memory is taken when the arena is made, and kept.</summary>
    public bool IsFixed { get; init; }

    /// <summary>allow_other; null: if root mounts.</summary>
    public bool? AllowsOthers { get; init; }

    /// <summary>nonempty: the mount may hide files that lie in the directory.</summary>
    public bool MayHideFiles { get; init; }

    /// <summary>remount: the mount is there already and shall change.</summary>
    public bool IsRemount { get; init; }

    /// <summary>fsname=: the source that /proc/mounts shows; null for the arena.</summary>
    public string? SourceName { get; init; }

    /// <summary>
    /// When reads set access times: the kernel leaves that to the server, whatever the mount's flags.
    /// </summary>
    public AccessTimePolicy AccessTimes =>
        (Flags & (MountFlags.ReadOnly | MountFlags.NoAccessTime)) != 0 ? AccessTimePolicy.Never
        : (Flags & MountFlags.StrictAccessTime) != 0 ? AccessTimePolicy.Always
        : AccessTimePolicy.Relative;

    /// <summary>Reads lists of options with commas between; a later option overrides an earlier one.</summary>
    /// <param name="lists">What was given to -o, in order.</param>
    /// <param name="memoryInBytes">What 100% of memory is.</param>
    /// <exception cref="FailureException">Usage: an option is unknown, or its value means nothing.</exception>
    public static MountOptions Parse(IEnumerable<string> lists, ulong memoryInBytes)
    {
        MountOptions options = new();
        foreach (string option in lists.SelectMany(Split))
        {
            MountOptions? changed = options.With(option, memoryInBytes);
            if (changed is null && !IsForOthers(option))
            {
                throw new FailureException(FailureKind.Usage, $"-o {option}: there is no such option",
                    "see the options in `persistfs up --help`, or leave it out");
            }
            options = changed ?? options;
        }
        return options;
    }

    /// <summary>The list without the options that nobody knows, as mount(8)'s -s wants it.</summary>
    public static string WithoutUnknown(string list) => string.Join(",",
        Split(list).Where(
            option => IsForOthers(option) || new MountOptions().With(option, ulong.MaxValue) is not null));

    /// <summary>Cuts at commas, but not at those in the node list of mpol=.</summary>
    private static List<string> Split(string list)
    {
        List<string> options = [];
        foreach (string part in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            bool continuesNodes = char.IsAsciiDigit(part[0]) && options.Count > 0 && options[^1].StartsWith("mpol=");
            if (continuesNodes) options[^1] += "," + part;
            else options.Add(part);
        }
        return options;
    }

    /// <summary>
    /// Options for mount(8), systemd and fstab's other readers, and those a remount finds in /proc/mounts.
    /// </summary>
    private static bool IsForOthers(string option) => NameOf(option) is "defaults" or "auto" or "noauto"
        or "user" or "nouser" or "users" or "nousers" or "owner" or "noowner" or "group" or "nogroup"
        or "_netdev" or "nofail" or "comment" or "helper" or "uhelper" or "silent" or "loud" or "subtype"
        or "default_permissions" or "async" or "norelatime" or "nostrictatime" or "iversion" or "noiversion"
        or "mand" or "nomand" or "noswap"
        or "fd" or "rootmode" or "user_id" or "group_id" or "max_read" or "blksize"
        || option.StartsWith("x-", StringComparison.OrdinalIgnoreCase);

    private static string NameOf(string option) => option.Split('=', 2)[0];

    /// <summary>These options and one more; null when nobody knows it.</summary>
    private MountOptions? With(string option, ulong memoryInBytes)
    {
        int equals = option.IndexOf('=');
        return equals < 0
            ? WithWord(option)
            : WithValue(option[..equals], option[(equals + 1)..], memoryInBytes);
    }

    private MountOptions? WithWord(string name)
    {
        (MountFlags set, MountFlags clear)? change = FlagsOf(name);
        if (change is var (set, clear)) return this with { Flags = (Flags & ~clear) | set };
        return name switch
        {
            "writethrough" => this with { CacheMode = Settings.CacheMode.WriteThrough },
            "writeback" => this with { CacheMode = Settings.CacheMode.WriteBack },
            "fixed" => this with { IsFixed = true },
            "allow_other" => this with { AllowsOthers = true },
            "noallow_other" => this with { AllowsOthers = false },
            "nonempty" => this with { MayHideFiles = true },
            "remount" => this with { IsRemount = true },
            "huge" => this with { Huge = HugePolicy.Always },
            _ => null,
        };
    }

    private static (MountFlags Set, MountFlags Clear)? FlagsOf(string name) => name switch
    {
        "ro" => (MountFlags.ReadOnly, 0),
        "rw" => (0, MountFlags.ReadOnly),
        "nosuid" => (MountFlags.NoSetUserId, 0),
        "suid" => (0, MountFlags.NoSetUserId),
        "nodev" => (MountFlags.NoDevices, 0),
        "dev" => (0, MountFlags.NoDevices),
        "noexec" => (MountFlags.NoExecute, 0),
        "exec" => (0, MountFlags.NoExecute),
        "sync" => (MountFlags.Synchronous, 0),
        "dirsync" => (MountFlags.DirectorySynchronous, 0),
        "nosymfollow" => (MountFlags.NoSymbolicLinkFollow, 0),
        "symfollow" => (0, MountFlags.NoSymbolicLinkFollow),
        "noatime" => (MountFlags.NoAccessTime, MountFlags.RelativeAccessTime | MountFlags.StrictAccessTime),
        "atime" => (0, MountFlags.NoAccessTime),
        "nodiratime" => (MountFlags.NoDirectoryAccessTime, 0),
        "diratime" => (0, MountFlags.NoDirectoryAccessTime),
        "relatime" => (MountFlags.RelativeAccessTime, MountFlags.NoAccessTime | MountFlags.StrictAccessTime),
        "strictatime" => (MountFlags.StrictAccessTime, MountFlags.NoAccessTime | MountFlags.RelativeAccessTime),
        "lazytime" => (MountFlags.LazyTime, 0),
        "nolazytime" => (0, MountFlags.LazyTime),
        _ => null,
    };

    private MountOptions? WithValue(string name, string value, ulong memoryInBytes) => name switch
    {
        "size" => this with { SizeInBytes = Size(name, value, memoryInBytes) },
        "max_size" => this with { SizeMaxInBytes = Size(name, value, memoryInBytes) },
        "nr_inodes" => this with { InodeCountMax = Size(name, value, 0) },
        "mode" => this with { RootMode = Mode(value) },
        "uid" => this with { RootUserId = Identity(name, value) },
        "gid" => this with { RootGroupId = Identity(name, value) },
        "huge" => this with { Huge = HugeOf(value) },
        "mpol" => this with { MemoryPolicy = PolicyOf(value) },
        "fsname" => this with { SourceName = value },
        _ => null,
    };

    private static ulong Size(string name, string value, ulong memoryInBytes) =>
        SizeText.TryParse(value, memoryInBytes, out ulong size)
            ? size
            : throw Meaningless(name, value, "give digits and a unit, as in 512M or 4G");

    private static uint Mode(string value)
    {
        uint mode = 0;
        bool isOctal = value.Length is >= 1 and <= 5;
        foreach (char digit in value)
        {
            isOctal &= digit is >= '0' and <= '7';
            mode = (mode << 3) | (uint)(digit & 7);
        }
        return isOctal && mode <= ModeBits.PermissionMask
            ? mode
            : throw Meaningless("mode", value, "give octal permission bits, as in 1777");
    }

    private static uint Identity(string name, string value) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint identity)
            && identity != uint.MaxValue
            ? identity
            : throw Meaningless(name, value, "give a number");

    private static HugePolicy HugeOf(string value) => value switch
    {
        "never" or "0" => HugePolicy.Never,
        "always" or "1" => HugePolicy.Always,
        "within_size" => HugePolicy.WithinSize,
        "advise" => HugePolicy.Advise,
        _ => throw Meaningless("huge", value, "give never, always, within_size or advise"),
    };

    private static MemoryPolicy PolicyOf(string value) =>
        MemoryPolicy.TryParse(value, out MemoryPolicy? policy)
            ? policy!
            : throw Meaningless("mpol", value, "give default, local, prefer:N, bind:NODES or interleave:NODES");

    private static FailureException Meaningless(string name, string value, string nextStep) =>
        new(FailureKind.Usage, $"-o {name}={value}: {name} cannot be {(value.Length == 0 ? "empty" : value)}",
            nextStep);
}
