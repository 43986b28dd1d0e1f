using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>The kinds of files that arenas lie in, and how one is opened.</summary>
internal sealed partial class FileBacking
{
    private static readonly BackingKind HugePages = new()
    {
        Word = "huge pages",
        Place = "in huge pages",
        Pages = PageBehaviour.Large,
        ShortageAdvice = "Reserve more huge pages (sysctl vm.nr_hugepages)",
        KexecObstacle = "lies on hugetlbfs, which no kernel hands over",
    };

    private static readonly BackingKind Tmpfs = new()
    {
        Word = "tmpfs",
        Place = "on tmpfs",
        Pages = PageBehaviour.Small,
        ShortageAdvice = "Make room in that file system",
    };

    private static readonly BackingKind Disk = new()
    {
        Word = "disk file",
        Place = "on a disk",
        Survives = Survival.Kexec | Survival.Reboot,
        Pages = PageBehaviour.WrittenBack,
        ShortageAdvice = "Make room in that file system",
    };

    /// <summary>Takes every path that no other driver takes.</summary>
    internal sealed class Driver : BackingDriver
    {
        public override IReadOnlyList<BackingKind> Kinds { get; } = [HugePages, Tmpfs, Disk];

        public override bool RestoresInPlace => false;

        public override bool Takes(ArenaSource source) => source.Segments is null;

        public override Backing Open(ArenaSource source, bool waits) =>
            FileBacking.Open(source.Name, create: false, readOnly: false, waits);

        public override ArenaReader OpenReader(ArenaSource source)
        {
            FileBacking file = FileBacking.Open(source.Name, create: false, readOnly: true);
            bool isInUse = Libc.IsOpenFileLocked(file.Handle, out bool isLocked) == Errno.OK && isLocked;
            return new ArenaReader(
                source.Name, file.Kind, new FileStream(file.Handle, FileAccess.Read, bufferSize: 0))
            {
                Owner = isInUse ? OwnerRecord.Describe(file.Handle) : null,
                AllocatedBytes = file.AllocatedBytes,
            };
        }

        public override Backing OpenPlace(string path) => FileBacking.Open(path, create: true);

        public override bool IsKnownEmpty(string path) => Libc.GetStatus(path, out FileStatus status) switch
        {
            Errno.ENOENT => true,
            Errno.OK => status.IsRegular && status.AllocatedBytes == 0,
            _ => false,
        };
    }
}
