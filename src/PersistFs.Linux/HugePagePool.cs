using System.Globalization;

namespace PersistFs.Linux;

/// <summary>A pool of reserved huge pages (admin-guide/mm/hugetlbpage.rst).</summary>
/// <param name="PageSizeInBytes">Bytes in a page.</param>
/// <param name="PageCount">Pages in the pool.</param>
/// <param name="PagesFree">Pages that are neither used nor reserved.</param>
public readonly record struct HugePagePool(ulong PageSizeInBytes, ulong PageCount, ulong PagesFree)
{
    /// <summary>The page size that arenas are made for.</summary>
    public const ulong DefaultPageSizeInBytes = 2 << 20;

    /// <summary>The file that holds the number of pages, to be read and written.</summary>
    public string CountFile => Directory(PageSizeInBytes) + "nr_hugepages";

    /// <summary>Bytes that can still be taken.</summary>
    public ulong BytesFree => PagesFree * PageSizeInBytes;

    /// <summary>Reads the state of the pool of one page size; an empty one where the kernel has none.</summary>
    public static HugePagePool Read(ulong pageSizeInBytes = DefaultPageSizeInBytes)
    {
        string directory = Directory(pageSizeInBytes);
        ulong free = Value(directory + "free_hugepages");
        ulong promised = Value(directory + "resv_hugepages");
        return new(pageSizeInBytes, Value(directory + "nr_hugepages"), free - Math.Min(free, promised));
    }

    private static string Directory(ulong pageSizeInBytes) =>
        $"/sys/kernel/mm/hugepages/hugepages-{pageSizeInBytes / 1024}kB/";

    private static ulong Value(string path) =>
        File.Exists(path) ? ulong.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture) : 0;
}
