using PersistFs.Fuse.Abi;

namespace PersistFs.Fuse.Negotiation;

/// <summary>How a session serves its connection, and what it asks the kernel for at INIT.</summary>
/// <remarks>
/// The defaults fit a tree that only this session changes: the kernel may keep what it was told until it is told
/// otherwise. What the kernel does not offer is done without.
/// </remarks>
public sealed record SessionOptions
{
    /// <summary>The most workers a session has.</summary>
    public const int WorkerCountMax = 256;

    /// <summary>The largest <see cref="PagesMax"/>: what fs.fuse.max_pages_limit is unless raised.</summary>
    public const ushort PagesLimit = 4096;

    /// <summary>Seconds that mean "for ever": the kernel's clock does not reach that far.</summary>
    public const ulong ValidForEver = long.MaxValue;

    /// <summary>
    /// Threads that may read requests, 1 to <see cref="WorkerCountMax"/>. Only as many do as have enough to do.
    /// </summary>
    public int WorkerCount { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 16);

    /// <summary>
    /// Whether idle processors are kept from sleeping while requests come faster than about 10,000 a second: each is
    /// answered in a third of the time then (/dev/cpu_dma_latency, where this process may have it).
    /// </summary>
    public bool KeepsProcessorsAwake { get; init; } = true;

    /// <summary>How long the kernel may keep names and attributes, in seconds; 0 asks every time.</summary>
    public ulong ValidSeconds { get; init; } = ValidForEver;

    /// <summary>Whether the kernel may remember as long that a name does not exist.</summary>
    public bool CachesNegativeEntries { get; init; } = true;

    /// <summary>
    /// Whether cached pages outlive a close; without open files (<see cref="NoOpen"/>) they always do.
    /// </summary>
    public bool KeepsCache { get; init; } = true;

    /// <summary>Whether the kernel keeps targets of symbolic links.</summary>
    public bool CachesSymbolicLinks { get; init; } = true;

    /// <summary>
    /// Whether write(2) ends in the page cache, to be sent later. The kernel then owns size and times of a file.
    /// </summary>
    public bool WritebackCache { get; init; } = true;

    /// <summary>
    /// Whether direct I/O of one caller is several requests at once, and that of io_submit(2) ends by itself. The page
    /// cache may then keep what such a write has replaced, if another reads the file through it meanwhile.
    /// </summary>
    public bool AsyncDirectIo { get; init; }

    /// <summary>Whether OPEN, RELEASE, OPENDIR and RELEASEDIR are done without.</summary>
    public bool NoOpen { get; init; } = true;

    /// <summary>When directories are read with their inodes.</summary>
    public ReadDirectoryPlusMode ReadDirectoryPlus { get; init; } = ReadDirectoryPlusMode.Auto;

    /// <summary>
    /// Whether the kernel checks POSIX ACLs, stored as extended attributes. The file system then applies the umask.
    /// </summary>
    public bool PosixAcl { get; init; } = true;

    /// <summary>Whether file handles of NFS and open_by_handle_at(2) outlive the kernel's memory of an inode.</summary>
    public bool ExportSupport { get; init; } = true;

    /// <summary>The most pages of 4 KiB in one request, 1 to <see cref="PagesLimit"/>.</summary>
    public ushort PagesMax { get; init; } = 256;

    /// <summary>How many background requests (read-ahead, write-back) may be under way at once.</summary>
    public ushort MaxBackground { get; init; } = 64;

    /// <summary>From how many of those on the kernel calls the filesystem congested.</summary>
    public ushort CongestionThreshold { get; init; } = 48;

    /// <summary>The most bytes in one READ or WRITE.</summary>
    internal uint MaxWriteInBytes => PagesMax * 4096u;

    /// <summary>INIT flags to choose where they are offered; PROTOCOL.md has the reason for each.</summary>
    internal InitFlags WantedFlags =>
        InitFlags.AsyncRead | InitFlags.BigWrites | InitFlags.ParallelDirectoryOperations
        | InitFlags.AbortError | InitFlags.MaxPages | InitFlags.ExplicitInvalidateData
        | InitFlags.HandleKillPrivilegesV2 | InitFlags.SetXattrExtended | InitFlags.InitExtended
        | InitFlags.CreateSupplementaryGroup | InitFlags.DirectIoAllowMap | InitFlags.HasResend
        | When(AsyncDirectIo, InitFlags.AsyncDirectIo)
        | When(NoOpen, InitFlags.NoOpenSupport | InitFlags.NoOpenDirectorySupport)
        | When(CachesSymbolicLinks, InitFlags.CacheSymbolicLinks)
        | When(WritebackCache, InitFlags.WritebackCache)
        | When(PosixAcl, InitFlags.PosixAcl | InitFlags.DontMask)
        | When(ExportSupport, InitFlags.ExportSupport)
        | When(ReadDirectoryPlus != ReadDirectoryPlusMode.Never, InitFlags.DoReadDirectoryPlus)
        | When(ReadDirectoryPlus == ReadDirectoryPlusMode.Auto, InitFlags.ReadDirectoryPlusAuto);

    /// <summary>Refuses what cannot be.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside the range its property states.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(WorkerCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(WorkerCount, WorkerCountMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(PagesMax, (ushort)1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PagesMax, PagesLimit);
    }

    private static InitFlags When(bool condition, InitFlags flags) => condition ? flags : InitFlags.None;
}
