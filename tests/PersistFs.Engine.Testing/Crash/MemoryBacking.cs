using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// Memory for an arena that belongs to no file system; <see cref="SnapshotBacking"/> sees it as it is at one moment.
/// </summary>
internal sealed unsafe class MemoryBacking : Backing
{
    private readonly SafeFileHandle file = MemoryFile.Create("persistfs-test");
    private nint address;

    /// <param name="length">Bytes of the arena, a multiple of the frame size.</param>
    public MemoryBacking(ulong length)
    {
        Length = length;
        Require(Libc.Truncate(file, length));
    }

    public override string Name => "memory of the test";

    public override BackingKind Kind { get; } = BackingKind.Of("memory");

    public override ulong Length { get; }

    public override bool GivesZeros => true;

    /// <summary>Frames at most that memory is given to; with more, the machine seems full.</summary>
    public ulong FramesMax { get; set; } = ulong.MaxValue;

    public override ulong AllocatedBytes
    {
        get
        {
            Require(Libc.FileExtent(file, out _, out ulong allocated));
            return allocated;
        }
    }

    public SafeFileHandle File => file;

    /// <summary>The same memory once more, as it is in a snapshot now.</summary>
    public static MemoryBacking CopyOf(SnapshotBacking snapshot)
    {
        var copy = new MemoryBacking(snapshot.Length);
        Require(copy.Map(isPrivate: false, out nint mapped));
        var table = new FrameTable(new Arena(snapshot.Address, snapshot.Length),
            snapshot.Length >> Layout.FrameSizeLog2, Layout.FrameTableCapacityMin);
        for (uint frame = 0; frame < table.FrameCount; frame++)
        {
            if (table.WordOf(frame).State == FrameState.Absent) continue;
            ulong offset = (ulong)frame << Layout.FrameSizeLog2;
            Require(copy.Reserve(offset, Layout.FrameSizeInBytes));
            snapshot.Bytes(offset, Layout.FrameSizeInBytes).CopyTo(copy.Bytes(offset, Layout.FrameSizeInBytes));
        }
        return copy;
    }

    /// <summary>Whoever mapped it has unmapped it.</summary>
    public void NoteUnmapped() => address = 0;

    /// <summary>Where in the arena bytes of its mapping lie.</summary>
    public ulong OffsetOf(ReadOnlySpan<byte> bytes)
    {
        ulong offset = (ulong)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)) - (ulong)address;
        return offset < Length
            ? offset
            : throw new InvalidOperationException("A store went elsewhere than to the arena.");
    }

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        Errno error = Errno.OK;
        if (address == 0) error = Libc.MapFile(file, (nuint)Length, Layout.FrameSizeInBytes, isPrivate, out address);
        mapped = address;
        return error;
    }

    public override Errno MapHead(out nint head) =>
        Libc.MapFile(file, Layout.FrameSizeInBytes, Layout.FrameSizeInBytes, isPrivate: false, out head);

    public override Errno Reserve(ulong offset, ulong length)
    {
        bool isFull = AllocatedBytes / Layout.FrameSizeInBytes >= FramesMax;
        return isFull ? Errno.ENOSPC : Libc.Reserve(file, offset, length);
    }

    public override Errno Release(ulong offset, ulong length) => Libc.PunchHole(file, offset, length);

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose()
    {
        if (address != 0) _ = Libc.Unmap(address, (nuint)Length);
        address = 0;
        file.Dispose();
    }

    private Span<byte> Bytes(ulong offset, int length) => new((byte*)address + offset, length);

    internal static void Require(Errno error)
    {
        if (error != Errno.OK) throw new InvalidOperationException($"The memory of a test cannot be had: {error}.");
    }
}
