using System.Runtime.InteropServices;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>The kinds of memory that segments are made of, and how a row of them is opened.</summary>
internal sealed unsafe partial class SegmentedBacking
{
    private static readonly BackingKind Memory = new()
    {
        Word = "memfd",
        Place = "in memory",
        CanBeHandedOver = true,
        Pages = PageBehaviour.AsConfigured,
        ShortageAdvice = "Free memory",
    };

    private static readonly BackingKind HugeMemory = new()
    {
        Word = "memfd, huge pages",
        Place = "in huge pages",
        Pages = PageBehaviour.Large,
        ShortageAdvice = "Reserve more huge pages (sysctl vm.nr_hugepages)",
    };

    /// <summary>Takes what is given as open segments, and no path.</summary>
    internal sealed class Driver : BackingDriver
    {
        public override IReadOnlyList<BackingKind> Kinds { get; } = [Memory, HugeMemory];

        public override bool Takes(ArenaSource source) => source.Segments is not null;

        public override Backing Open(ArenaSource source, bool waits) =>
            SegmentedBacking.Open(source, readOnly: false, waits);

        public override ArenaReader OpenReader(ArenaSource source)
        {
            SegmentedBacking segments = SegmentedBacking.Open(source, readOnly: true);
            SafeHandle head = source.Segments![0];
            bool isInUse = Libc.IsOpenFileLocked(head, out bool isLocked) == Errno.OK && isLocked;
            return new ArenaReader(source.Name, segments.Kind, segments.ToStream())
            {
                Owner = isInUse ? OwnerRecord.Describe(source.Segments![0]) : null,
                AllocatedBytes = segments.AllocatedBytes,
            };
        }

        /// <summary>Segments have no path: <see cref="Create"/> makes the first.</summary>
        public override Backing OpenPlace(string path) => throw HasNoPath(path);

        public override bool IsKnownEmpty(string path) => throw HasNoPath(path);

        private static InvalidOperationException HasNoPath(string path) => new($"{path}: segments have no path.");
    }
}
