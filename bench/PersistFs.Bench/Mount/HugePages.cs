using System.Globalization;
using System.Runtime.InteropServices;

namespace PersistFs.Bench.Mount;

/// <summary>Huge pages of 2 MiB reserved for a measurement, and a hugetlbfs to make files of them.</summary>
internal sealed partial class HugePages : IDisposable
{
    private const string CountFile = "/proc/sys/vm/nr_hugepages";

    private readonly string countBefore = File.ReadAllText(CountFile);

    /// <param name="count">How many pages.</param>
    /// <exception cref="InvalidOperationException">The machine does not have them, or this is not root.</exception>
    public HugePages(int count)
    {
        File.WriteAllText(CountFile, count.ToString(CultureInfo.InvariantCulture));
        if (int.Parse(File.ReadAllText(CountFile), CultureInfo.InvariantCulture) < count)
            throw new InvalidOperationException($"The machine does not have {count} huge pages free.");
        Directory.CreateDirectory(Root);
        if (MountCore("none", Root, "hugetlbfs", 0, "pagesize=2M") != 0)
            throw new InvalidOperationException($"No hugetlbfs on {Root}: errno {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Where files are made of them.</summary>
    public string Root { get; } = $"/dev/shm/persistfs-bench-huge-{Environment.ProcessId}";

    public void Dispose()
    {
        _ = UnmountCore(Root, 0);
        Directory.Delete(Root);
        File.WriteAllText(CountFile, countBefore);
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MountCore(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnmountCore(string target, int flags);
}
