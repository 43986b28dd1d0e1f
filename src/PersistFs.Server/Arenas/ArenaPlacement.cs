using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Arenas;

/// <summary>Chooses where the arena of a mount point lies when nobody names one.</summary>
/// <remarks>
/// Huge pages where the pool has room, for they cost the least to map and to take down; else a tmpfs of our own, whose
/// huge= does not depend on the system's setting. An arena that is there already is always the one.
/// </remarks>
public static class ArenaPlacement
{
    private const ulong TmpfsMagic = 0x01021994;
    private const ulong HugetlbfsMagic = 0x958458f6;

    /// <summary>A pool with less room than this is not worth being chosen without being asked.</summary>
    private const ulong WorthwhilePoolInBytes = 64UL << 20;

    /// <summary>
    /// The arena that <paramref name="spec"/> names, or the default one of <paramref name="mountPoint"/>.
    /// </summary>
    /// <exception cref="FailureException">There is no room for an arena of that size.</exception>
    public static ArenaPlace Choose(string? spec, string mountPoint, MountOptions options)
    {
        ulong? wanted = ArenaSize.Wanted(options);
        if (wanted < FormatOptions.SizeMin)
        {
            throw new FailureException(FailureKind.Usage,
                $"{spec ?? mountPoint}: {SizeText.Format(wanted.Value)} are too small for an arena",
                $"choose a size of {SizeText.Format(FormatOptions.SizeMin)} or more");
        }
        if (spec is not null)
        {
            if (MemfdName.IsMemory(spec)) return MemoryPlace(spec, wanted, options);
            return DeviceSize(spec) is { } device
                ? new ArenaPlace(spec, wanted ?? device, Note: null, IsFixed: true)
                : new ArenaPlace(spec, CheckedSize(spec, wanted), Note: null);
        }
        string name = RuntimePaths.Escape(mountPoint);
        string huge = Path.Combine(RuntimePaths.HugePageDirectory, name);
        string small = Path.Combine(TmpfsDirectory(options.Huge), name);
        if (File.Exists(huge)) return new ArenaPlace(huge, wanted ?? 0, Note: null);
        if (File.Exists(small)) return new ArenaPlace(small, wanted ?? 0, Note: null);
        HugePagePool pool = HugePagePool.Read();
        bool isRoot = Libc.EffectiveUserId() == 0;
        if (isRoot && options.Huge != HugePolicy.Never && pool.BytesFree >= (wanted ?? WorthwhilePoolInBytes))
        {
            MountHugePages();
            return new ArenaPlace(huge, wanted ?? pool.BytesFree,
                $"arena {huge} on huge pages: {pool.PagesFree} of them are reserved and free");
        }
        ulong size = wanted ?? MachineMemory.TotalInBytes / 2;
        CheckAgainstMemory(small, size);
        string pages = isRoot ? MountTmpfs(options.Huge) : MakeUserDirectory(options.Huge);
        return new ArenaPlace(small, size, $"arena {small} on tmpfs, {pages}: {Shortage(pool, wanted)}");
    }

    private static ArenaPlace MemoryPlace(string spec, ulong? wanted, MountOptions options)
    {
        MemfdName memory = MemfdName.Parse(spec);
        HugePagePool pool = HugePagePool.Read();
        ulong size = wanted ?? (memory.IsHuge ? pool.BytesFree : MachineMemory.TotalInBytes / 2);
        if (!memory.IsHuge) CheckAgainstMemory(spec, size);
        return new ArenaPlace(spec, Math.Max(size, FormatOptions.SizeMin), Note: null, options.IsFixed);
    }

    /// <summary>Bytes of a device that an arena can have; null where no device is named.</summary>
    private static ulong? DeviceSize(string spec)
    {
        try
        {
            return VolumeFormatter.FixedSize(spec);
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
    }

    /// <summary>The size of an arena at a place of the operator's choice, once it is known to fit there.</summary>
    private static ulong CheckedSize(string spec, ulong? wanted)
    {
        string? directory = Path.GetDirectoryName(Path.GetFullPath(spec));
        if (directory is null || Libc.GetFileSystemStatus(directory, out FileSystemStatus status) != Errno.OK)
        {
            return wanted ?? MachineMemory.TotalInBytes / 2;
        }
        if (status.Type == HugetlbfsMagic) return CheckedPoolSize(spec, wanted, HugePagePool.Read(status.BlockSize));
        ulong size = wanted ?? MachineMemory.TotalInBytes / 2;
        if (status.Type == TmpfsMagic) CheckAgainstMemory(spec, size);
        return size;
    }

    private static ulong CheckedPoolSize(string spec, ulong? wanted, HugePagePool pool)
    {
        ulong size = wanted ?? pool.BytesFree;
        if (File.Exists(spec) || (size >= FormatOptions.SizeMin && size <= pool.BytesFree)) return size;
        ulong needed = Math.Max(size, FormatOptions.SizeMin);
        ulong missing = (needed - pool.BytesFree + pool.PageSizeInBytes - 1) / pool.PageSizeInBytes;
        ulong count = pool.PageCount + missing;
        throw new FailureException(FailureKind.NoSpace,
            $"{spec}: too few huge pages: {missing} more than the {pool.PagesFree} free ones are needed "
                + $"for {SizeText.Format(needed)}",
            pool.PageSizeInBytes == HugePagePool.DefaultPageSizeInBytes
                ? $"reserve them with: sysctl vm.nr_hugepages={count}, or ask for a smaller --size"
                : $"reserve them with: echo {count} > {pool.CountFile}, or ask for a smaller --size");
    }

    private static void CheckAgainstMemory(string arena, ulong size)
    {
        ulong memory = MachineMemory.TotalInBytes;
        if (size <= memory) return;
        throw new FailureException(FailureKind.NoSpace,
            $"{arena}: an arena of {SizeText.Format(size)} is larger than memory ({SizeText.Format(memory)})",
            "ask for a smaller --size, or put the arena on a disk with --arena");
    }

    private static string Shortage(HugePagePool pool, ulong? wanted)
    {
        ulong size = wanted ?? WorthwhilePoolInBytes;
        if (size <= pool.BytesFree) return "huge pages were not asked for";
        ulong missing = (size - pool.BytesFree + pool.PageSizeInBytes - 1) / pool.PageSizeInBytes;
        return pool.PageCount == 0
            ? "no huge pages are reserved (sysctl vm.nr_hugepages)"
            : $"{missing} huge pages too few are free (sysctl vm.nr_hugepages)";
    }

    /// <summary>A tmpfs, one for each policy, that is mounted when the first arena is placed there.</summary>
    private static string TmpfsDirectory(HugePolicy policy) =>
        Path.Combine(RuntimePaths.Base, policy == HugePolicy.Always ? "arena" : "arena-" + policy.ToOption());

    private static void MountHugePages() =>
        MountOnce(RuntimePaths.HugePageDirectory, "hugetlbfs", "pagesize=2M,mode=700");

    private static string MountTmpfs(HugePolicy policy)
    {
        string directory = TmpfsDirectory(policy);
        // The arena itself is the limit; the tmpfs around it sets none of its own.
        const string Common = "mode=700,size=100%";
        string option = $"huge={policy.ToOption()}";
        Errno error = TryMountOnce(directory, "tmpfs", $"{Common},{option}");
        if (error == Errno.OK) return option;
        // A kernel without transparent huge pages knows no huge=.
        MountOnce(directory, "tmpfs", Common);
        return "without huge pages, which this kernel has not";
    }

    /// <summary>A user may not mount a tmpfs, and /dev/shm is one.</summary>
    private static string MakeUserDirectory(HugePolicy policy)
    {
        RuntimePaths.CreateDirectory(TmpfsDirectory(policy));
        return "with the pages that the system gives";
    }

    private static void MountOnce(string directory, string type, string options)
    {
        Errno error = TryMountOnce(directory, type, options);
        if (error != Errno.OK) throw FailureException.FromSystem(directory, $"mount a {type} for arenas", error);
    }

    private static Errno TryMountOnce(string directory, string type, string options)
    {
        RuntimePaths.CreateBase();
        RuntimePaths.CreateDirectory(directory);
        if (MountTable.Find(directory)?.Type == type) return Errno.OK;
        return Libc.Mount("persistfs", directory, type, MountFlags.NoSetUserId | MountFlags.NoDevices, options);
    }
}
