using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Arenas;

/// <summary>A backing that no product file names: memory of this process that a name stands for.</summary>
internal sealed class PrivateBacking : Backing
{
    /// <summary>What every name of such memory begins with.</summary>
    public const string Prefix = "private:";

    public static readonly BackingKind PrivateMemory = new()
    {
        Word = "private memory",
        Place = "in memory of a test",
        Pages = PageBehaviour.Large,
        ShortageAdvice = "Ask the test for more",
        KexecObstacle = "lies in memory that only a test has",
    };

    private static readonly ConcurrentDictionary<string, SafeFileHandle> Memories = new();

    private readonly SafeFileHandle memory;
    private nint address;

    private PrivateBacking(string name, SafeFileHandle memory, ulong length)
    {
        Name = name;
        this.memory = memory;
        Length = length;
    }

    /// <summary>Bytes that may be given to the backing of a name; no limit for others.</summary>
    public static ConcurrentDictionary<string, ulong> Limits { get; } = new();

    public override string Name { get; }

    public override BackingKind Kind => PrivateMemory;

    public override ulong Length { get; }

    public override bool GivesZeros => true;

    public override ulong AllocatedBytes
    {
        get
        {
            _ = Libc.FileExtent(memory, out _, out ulong allocated);
            return allocated;
        }
    }

    public override Backing Clear(ulong length)
    {
        _ = Libc.Truncate(memory, 0);
        _ = Libc.Truncate(memory, length);
        return new PrivateBacking(Name, memory, length);
    }

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        Errno error = Libc.MapFile(memory, (nuint)Length, Layout.FrameSizeInBytes, isPrivate, out address);
        mapped = address;
        return error;
    }

    public override Errno MapHead(out nint head) =>
        Libc.MapFile(memory, Layout.FrameSizeInBytes, Layout.FrameSizeInBytes, isPrivate: false, out head);

    public override Errno Reserve(ulong offset, ulong length) =>
        AllocatedBytes + length > Limits.GetValueOrDefault(Name, ulong.MaxValue)
            ? Errno.ENOSPC
            : Libc.Reserve(memory, offset, length);

    public override Errno Release(ulong offset, ulong length) => Libc.PunchHole(memory, offset, length);

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose()
    {
        if (address != 0) _ = Libc.Unmap(address, (nuint)Length);
        address = 0;
    }

    internal sealed class Driver : BackingDriver
    {
        public override IReadOnlyList<BackingKind> Kinds { get; } = [PrivateMemory];

        public override bool Takes(ArenaSource source) => source.Name.StartsWith(Prefix, StringComparison.Ordinal);

        public override Backing Open(ArenaSource source, bool waits) => OpenPlace(source.Name);

        public override ArenaReader OpenReader(ArenaSource source)
        {
            var place = (PrivateBacking)OpenPlace(source.Name);
            string path = $"/proc/self/fd/{place.memory.DangerousGetHandle()}";
            return new ArenaReader(source.Name, place.Kind, File.OpenRead(path))
            {
                AllocatedBytes = place.AllocatedBytes,
            };
        }

        public override Backing OpenPlace(string path)
        {
            SafeFileHandle memory = Memories.GetOrAdd(path, static _ => MemoryFile.Create("persistfs-private"));
            _ = Libc.FileExtent(memory, out ulong length, out _);
            return new PrivateBacking(path, memory, length);
        }

        public override bool IsKnownEmpty(string path) => OpenPlace(path).IsKnownEmpty();
    }
}
