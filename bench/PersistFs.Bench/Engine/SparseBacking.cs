using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Bench.Engine;

/// <summary>
/// An arena of any size whose frames take only the memory that is written to: for measurements of a full one.
/// </summary>
internal sealed class SparseBacking : Backing
{
    private const string Path = "/dev/shm/persistfs-bench-sparse";

    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle file;
    private nint address;

    public SparseBacking(ulong length)
    {
        Length = length;
        file = File.OpenHandle(Path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        // Whatever becomes of this process, the memory goes with it.
        File.Delete(Path);
        Errno error = Libc.Truncate(file, length);
        if (error != Errno.OK) throw new InvalidOperationException($"{Path} cannot be {length} bytes long: {error}.");
    }

    public override string Name => Path;

    public override BackingKind Kind { get; } = BackingKind.Of("sparse memory");

    public override ulong Length { get; }

    public override ulong AllocatedBytes => 0;

    public override bool GivesZeros => true;

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        // Whoever formats the arena maps it and unmaps it before it is mapped to be used.
        Errno error = Libc.MapFile(file, (nuint)Length, Layout.FrameSizeInBytes, isPrivate, out address);
        mapped = address;
        return error;
    }

    public override Errno MapHead(out nint head) =>
        Libc.MapFile(file, Layout.FrameSizeInBytes, Layout.FrameSizeInBytes, isPrivate: false, out head);

    public override Errno Reserve(ulong offset, ulong length) => Errno.OK;

    public override Errno Release(ulong offset, ulong length) => Errno.OK;

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose()
    {
        _ = Libc.Unmap(address, (nuint)Length);
        file.Dispose();
    }
}
