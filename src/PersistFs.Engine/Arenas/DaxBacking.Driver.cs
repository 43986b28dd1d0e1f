using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>The kind of memory that a DAX device has, and how a device is found.</summary>
internal sealed partial class DaxBacking
{
    private static readonly BackingKind DeviceMemory = new()
    {
        Word = "DAX memory",
        Place = "in a device's memory, mapped in large units",
        Survives = Survival.Kexec,
        Pages = PageBehaviour.Large,
        ShortageAdvice = "Make a larger device",
    };

    /// <summary>Maps the arena in a DAX device for reading.</summary>
    /// <exception cref="ArenaException">There is none, or it cannot be mapped.</exception>
    public static ArenaReader OpenReader(in DaxDevice device)
    {
        using DaxBacking dax = Open(in device, readOnly: true);
        Errno error = Libc.MapForReading(dax.Handle, (nuint)dax.Length, out nint address);
        if (error != Errno.OK)
        {
            throw new ArenaException(
                ArenaFault.InputOutput, $"{dax.Name} cannot be mapped: {error}.",
                "Look into the kernel's log (dmesg).");
        }
        bool isInUse = Libc.IsOpenFileLocked(dax.Handle, out bool isLocked) == Errno.OK && isLocked;
        return new ArenaReader(dax.Name, dax.Kind, new MappedStream(address, (nuint)dax.Length))
        {
            Owner = isInUse ? dax.ReadOwner() : null,
            AllocatedBytes = dax.AllocatedBytes,
        };
    }

    /// <summary>Takes every device; whether it can hold an arena is found out when it is opened.</summary>
    internal sealed class Driver : BackingDriver
    {
        public override IReadOnlyList<BackingKind> Kinds { get; } = [DeviceMemory];

        public override bool Takes(ArenaSource source) =>
            source.Segments is null && DaxDevice.Find(source.Name).State != DaxState.None;

        public override Backing Open(ArenaSource source, bool waits) =>
            DaxBacking.Open(DaxDevice.Find(source.Name), readOnly: false, waits);

        public override ArenaReader OpenReader(ArenaSource source) =>
            DaxBacking.OpenReader(DaxDevice.Find(source.Name));

        public override Backing OpenPlace(string path) => OpenWhole(DaxDevice.Find(path));

        public override bool IsKnownEmpty(string path)
        {
            using DaxBacking whole = OpenWhole(DaxDevice.Find(path), readOnly: true);
            return whole.IsKnownEmpty();
        }

        public override ulong? FixedSize(string path) => UsableBytes(DaxDevice.Find(path));
    }
}
