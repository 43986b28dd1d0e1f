namespace PersistFs.Kexec.Tests.Machines;

/// <summary>A kernel that can be booted, or the reason why there is none.</summary>
internal sealed class GuestKernel
{
    /// <summary>Environment variable naming a folder with Debian's kernel, as tests/get-kernel unpacks it.</summary>
    public const string DebianVariable = "PERSISTFS_DEBIAN_KERNEL";

    /// <summary>Environment variable that names the folder or the image of a kernel with live update.</summary>
    public const string LiveUpdateVariable = "PERSISTFS_LIVE_KERNEL";

    /// <summary>Where tests/get-kernel and tests/build-kernel leave what they made.</summary>
    private const string Cache = "/var/cache/persistfs-tests";

    /// <summary>What Debian's kernel needs for the disk and for memory reserved with memmap=, in this order.</summary>
    private static readonly string[] ModuleNames = ["virtio_blk", "nd_pmem", "device_dax", "dax_pmem", "nd_e820"];

    private GuestKernel(string name, string? image, string? missing, params string[] modules) =>
        (Name, Image, Missing, Modules) = (name, image ?? "", missing, modules);

    /// <summary>Debian's unmodified kernel.</summary>
    public static GuestKernel Debian { get; } = FindDebian();

    /// <summary>A kernel that hands memory over to the next one; everything is built in.</summary>
    public static GuestKernel LiveUpdate { get; } = FindLiveUpdate();

    /// <summary>A word for messages and file names.</summary>
    public string Name { get; }

    /// <summary>Path of the bzImage.</summary>
    public string Image { get; }

    /// <summary>Paths of the modules it needs, in the order of loading.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>Why it cannot be booted here, or null.</summary>
    public string? Missing { get; }

    private static GuestKernel FindDebian()
    {
        string folder = Environment.GetEnvironmentVariable(DebianVariable) ?? Path.Combine(Cache, "linux");
        string modules = Path.Combine(folder, "usr/lib/modules");
        string? home = Directory.Exists(modules) ? Directory.EnumerateDirectories(modules).Max() : null;
        if (home == null || !File.Exists(Path.Combine(home, "vmlinuz")))
        {
            string told = Path.Combine(Cache, "linux.missing");
            string reason = File.Exists(told) ? File.ReadAllText(told).Trim() : "tests/install brings it";
            return new GuestKernel("debian", null, $"needs Debian's kernel ({reason})");
        }

        if (Tool.Find("modprobe") == null) return new GuestKernel("debian", null, "needs modprobe (of tests/install)");
        string version = Path.GetFileName(home);
        IEnumerable<string> loading = ModuleNames.SelectMany(name => Dependencies(folder, version, name)).Distinct();
        return new GuestKernel("debian", Path.Combine(home, "vmlinuz"), null, [.. loading]);
    }

    /// <summary>A module after those that it needs; nothing for one that is built in.</summary>
    private static IEnumerable<string> Dependencies(string folder, string version, string module)
    {
        string root = Path.Combine(folder, "usr");
        ToolResult result = Tool.Try("modprobe", "-d", root, "-S", version, "--show-depends", module);
        return result.ExitCode != 0 ? [] : result.Output.Split('\n')
            .Where(line => line.StartsWith("insmod ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]);
    }

    private static GuestKernel FindLiveUpdate()
    {
        string[] places = Environment.GetEnvironmentVariable(LiveUpdateVariable) is { } given
            ? [given, Path.Combine(given, "bzImage")]
            : [
                Path.GetFullPath(Path.Combine(ProductBinary.RepositoryRoot, "../shared/kexec-kernel/bzImage")),
                Path.Combine(Cache, "live/bzImage"),
            ];
        string? image = places.FirstOrDefault(File.Exists);
        string? missing = image != null ? null
            : $"needs a kernel with live update (tests/build-kernel makes one; {LiveUpdateVariable} names it)";
        return new GuestKernel("live", image, missing);
    }
}
