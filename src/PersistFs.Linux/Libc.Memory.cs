using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Mappings: mmap(2) and what goes with it.</summary>
public static partial class Libc
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;
    private const int MapShared = 0x01;
    private const int MapPrivate = 0x02;
    private const int MapAnonymous = 0x20;
    private const int MapFixed = 0x10;
    private const int MapNoReserve = 0x4000;
    private const int AdvisePopulateWrite = 23;
    private const int AdviseHugePage = 14;

    /// <summary>
    /// Maps a file shared, without reserving memory for it (hugetlbfs refuses a larger map than it has pages
    /// otherwise).
    /// </summary>
    /// <param name="descriptor">The file.</param>
    /// <param name="length">Bytes from the file's start.</param>
    /// <param name="alignment">
    /// A power of two that the address shall be a multiple of, so that huge pages can be mapped as such.
    /// </param>
    /// <param name="isPrivate">Whether stores stay with this process (MAP_PRIVATE).</param>
    /// <param name="address">Where the mapping is.</param>
    public static unsafe Errno MapFile(
        SafeHandle descriptor, nuint length, nuint alignment, bool isPrivate, out nint address)
    {
        nint reserved = MapCore(0, length + alignment, 0, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        if (reserved == -1)
        {
            address = 0;
            return LastErrno();
        }
        nint aligned = (nint)(((nuint)reserved + alignment - 1) & ~(alignment - 1));
        int flags = (isPrivate ? MapPrivate : MapShared) | MapNoReserve | MapFixed;
        address = MapCore(aligned, length, ProtectRead | ProtectWrite, flags, (int)descriptor.DangerousGetHandle(), 0);
        if (address == -1)
        {
            Errno error = LastErrno();
            UnmapCore(reserved, length + alignment);
            return error;
        }
        // What was reserved before the aligned part, and behind it, is let go.
        nuint before = (nuint)(aligned - reserved);
        if (before > 0) UnmapCore(reserved, before);
        if (before < alignment) UnmapCore(aligned + (nint)length, alignment - before);
        return Errno.OK;
    }

    /// <summary>
    /// Keeps a range of addresses free of everything else, without memory: touching it ends the process. Other mappings
    /// can be put into it by <see cref="MapFileAt"/>.
    /// </summary>
    /// <param name="length">Bytes, a multiple of the page size.</param>
    /// <param name="alignment">A power of two that the address shall be a multiple of.</param>
    /// <param name="address">Where it is.</param>
    public static Errno ReserveAddresses(nuint length, nuint alignment, out nint address)
    {
        const int Flags = MapPrivate | MapAnonymous | MapNoReserve;
        nint reserved = MapCore(0, length + alignment, 0, Flags, -1, 0);
        address = 0;
        if (reserved == -1) return LastErrno();
        address = (nint)(((nuint)reserved + alignment - 1) & ~(alignment - 1));
        nuint before = (nuint)(address - reserved);
        if (before > 0) UnmapCore(reserved, before);
        if (before < alignment) UnmapCore(address + (nint)length, alignment - before);
        return Errno.OK;
    }

    /// <summary>Maps a file, shared, in the place of what is at an address of a range that the caller owns.</summary>
    public static Errno MapFileAt(SafeHandle descriptor, nint address, nuint length)
    {
        const int Flags = MapShared | MapNoReserve | MapFixed;
        nint mapped = MapCore(
            address, length, ProtectRead | ProtectWrite, Flags, (int)descriptor.DangerousGetHandle(), 0);
        return mapped == -1 ? LastErrno() : Errno.OK;
    }

    /// <summary>Takes what is mapped in a part of a reserved range away; the addresses stay reserved.</summary>
    public static Errno UnmapKeepingAddresses(nint address, nuint length)
    {
        const int Flags = MapPrivate | MapAnonymous | MapNoReserve | MapFixed;
        return MapCore(address, length, 0, Flags, -1, 0) == -1 ? LastErrno() : Errno.OK;
    }

    /// <summary>memfd_create(2): a file without a name, gone with its last descriptor and mapping.</summary>
    /// <param name="name">What /proc/PID/fd shows of it.</param>
    /// <param name="isHuge">Whether it takes reserved huge pages of 2 MiB instead of ordinary ones.</param>
    /// <param name="descriptor">The file, closed when another program is executed; or -1.</param>
    public static Errno CreateMemoryFile(string name, bool isHuge, out int descriptor)
    {
        const uint CloseOnExec = 0x1, HugePages = 0x4, TwoMebibytes = 21u << 26;
        descriptor = MemoryFileCore(name, CloseOnExec | (isHuge ? HugePages | TwoMebibytes : 0));
        return descriptor == -1 ? LastErrno() : Errno.OK;
    }

    /// <summary>
    /// As <see cref="MapFile"/> at an address of the kernel's choice, shared and for reading only: also what can be
    /// read in no other way.
    /// </summary>
    public static Errno MapForReading(SafeHandle descriptor, nuint length, out nint address)
    {
        address = MapCore(0, length, ProtectRead, MapShared | MapNoReserve, (int)descriptor.DangerousGetHandle(), 0);
        return address == -1 ? LastErrno() : Errno.OK;
    }

    /// <summary>Maps zeroed memory of this process alone; always a multiple of the page size.</summary>
    public static Errno MapAnonymously(nuint length, out nint address)
    {
        address = MapCore(0, length, ProtectRead | ProtectWrite, MapPrivate | MapAnonymous, -1, 0);
        return address == -1 ? LastErrno() : Errno.OK;
    }

    /// <summary>munmap(2).</summary>
    public static Errno Unmap(nint address, nuint length) => UnmapCore(address, length) == 0 ? Errno.OK : LastErrno();

    /// <summary>
    /// Enters every page of the range into this process's page table, for writing (MADV_POPULATE_WRITE, Linux 5.14).
    /// </summary>
    public static Errno Populate(nint address, nuint length) =>
        AdviseCore(address, length, AdvisePopulateWrite) == 0 ? Errno.OK : LastErrno();

    /// <summary>Asks for transparent huge pages in the range (MADV_HUGEPAGE).</summary>
    public static Errno AdviseHugePages(nint address, nuint length) =>
        AdviseCore(address, length, AdviseHugePage) == 0 ? Errno.OK : LastErrno();

    /// <summary>mlock(2): the pages of the range stay in memory.</summary>
    public static Errno Lock(nint address, nuint length) => LockCore(address, length) == 0 ? Errno.OK : LastErrno();

    /// <summary>msync(2) with MS_SYNC.</summary>
    public static Errno Synchronize(nint address, nuint length) =>
        SynchronizeCore(address, length, 4) == 0 ? Errno.OK : LastErrno();

    private static Errno LastErrno() => (Errno)Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapCore(
        nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemoryFileCore(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int UnmapCore(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int AdviseCore(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mlock", SetLastError = true)]
    private static partial int LockCore(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    private static partial int SynchronizeCore(nint address, nuint length, int flags);
}
