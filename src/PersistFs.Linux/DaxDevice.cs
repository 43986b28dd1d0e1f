using System.Globalization;

namespace PersistFs.Linux;

/// <summary>A DAX device as sysfs describes it (Documentation/ABI/testing/sysfs-bus-dax).</summary>
/// <param name="Path">The node as it was named.</param>
/// <param name="Name">The kernel's name, as dax0.0; empty where there is none.</param>
/// <param name="State">What the path is; the sizes mean something only where it is Ready.</param>
/// <param name="SizeInBytes">Usable bytes: what the namespace keeps for itself does not count.</param>
/// <param name="AlignmentInBytes">What offset, length and address of a mapping have to be multiples of.</param>
public readonly record struct DaxDevice(
    string Path, string Name, DaxState State, ulong SizeInBytes, ulong AlignmentInBytes)
{
    private const string NamePrefix = "dax";
    private const string SystemMemoryDriver = "kmem";

    /// <summary>Finds out what a path is, by its type and by sysfs. Opens nothing.</summary>
    /// <param name="path">A node, or anything else.</param>
    /// <param name="systemDirectory">Where sysfs is mounted.</param>
    public static DaxDevice Find(string path, string systemDirectory = "/sys")
    {
        var found = new DaxDevice(path, "", DaxState.None, 0, 0);
        Errno error = Libc.GetStatus(path, out FileStatus status);
        if (error is Errno.ENOENT or Errno.ENOTDIR) return found.ByName(systemDirectory);
        if (error != Errno.OK) return found;
        return (status.Mode & ModeBits.TypeMask) switch
        {
            ModeBits.BlockDevice => found with
            {
                Name = System.IO.Path.GetFileName(path),
                State = DaxState.BlockDevice,
            },
            ModeBits.CharacterDevice => found.ByNumber(status.SpecialDevice, systemDirectory),
            _ => found,
        };
    }

    /// <summary>A node that is not there: the kernel may know the device all the same.</summary>
    private DaxDevice ByName(string systemDirectory)
    {
        string name = System.IO.Path.GetFileName(Path);
        bool isOurs = name.StartsWith(NamePrefix, StringComparison.Ordinal);
        string[] numbers = isOurs ? name[NamePrefix.Length..].Split('.') : [];
        bool isNode = System.IO.Path.GetDirectoryName(Path) == "/dev" && numbers.Length == 2
            && numbers.All(number => uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _));
        if (!isNode) return this;
        string directory = $"{systemDirectory}/bus/dax/devices/{name}";
        DaxState state = !Directory.Exists(directory) ? DaxState.Missing
            : LinkedName($"{directory}/driver") == SystemMemoryDriver ? DaxState.SystemMemory
            : DaxState.Unbound;
        return this with { Name = name, State = state };
    }

    private DaxDevice ByNumber(ulong device, string systemDirectory)
    {
        string link = string.Create(
            CultureInfo.InvariantCulture, $"{systemDirectory}/dev/char/{device >> 32}:{(uint)device}");
        string name = LinkedName(link);
        bool isDescribed = LinkedName($"{link}/subsystem") == NamePrefix
            & TryRead($"{link}/size", out ulong size) & TryRead($"{link}/align", out ulong alignment);
        return isDescribed
            ? new DaxDevice(Path, name, DaxState.Ready, size, alignment)
            : this with { Name = name, State = DaxState.OtherDevice };
    }

    /// <summary>The last name of what a symbolic link leads to; empty where there is none.</summary>
    private static string LinkedName(string link) => System.IO.Path.GetFileName(new FileInfo(link).LinkTarget ?? "");

    private static bool TryRead(string file, out ulong value)
    {
        value = 0;
        try
        {
            return ulong.TryParse(
                File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
