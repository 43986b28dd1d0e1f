using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// What a process killed at this moment would leave: a private view of an arena's memory. Its stores stay in it, and
/// the arena must not change while it is looked at.
/// </summary>
internal sealed unsafe class SnapshotBacking : Backing
{
    private readonly nint address;
    private bool isDisposed;

    public SnapshotBacking(MemoryBacking source)
    {
        Length = source.Length;
        MemoryBacking.Require(
            Libc.MapFile(source.File, (nuint)Length, Layout.FrameSizeInBytes, isPrivate: true, out address));
    }

    public nint Address => address;

    public override string Name => "a killed process's arena";

    public override BackingKind Kind { get; } = BackingKind.Of("memory");

    public override ulong Length { get; }

    public override bool GivesZeros => true;

    /// <summary>All of it: whatever a frame table calls present is.</summary>
    public override ulong AllocatedBytes => Length;

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        mapped = address;
        return Errno.OK;
    }

    /// <summary>A snapshot is opened whole.</summary>
    public override Errno MapHead(out nint head)
    {
        head = 0;
        return Errno.ENODEV;
    }

    public override Errno Reserve(ulong offset, ulong length) => Errno.OK;

    public override Errno Release(ulong offset, ulong length)
    {
        NativeMemory.Clear((byte*)address + offset, (nuint)length);
        return Errno.OK;
    }

    /// <summary>A structure of the snapshot.</summary>
    public ref readonly T At<T>(ulong offset)
        where T : unmanaged =>
        ref MemoryMarshal.AsRef<T>(Bytes(offset, sizeof(T)));

    /// <summary>Bytes of the snapshot, to be torn.</summary>
    public Span<byte> Bytes(ulong offset, int length) => new((byte*)address + offset, length);

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose()
    {
        // The volume that opened it disposes of it, and so does who made it; by the second time the place may be
        // another's.
        if (!isDisposed) _ = Libc.Unmap(address, (nuint)Length);
        isDisposed = true;
    }
}
