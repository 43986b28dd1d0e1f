using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>A look at an arena from outside: read by read(2), never locked or changed.</summary>
/// <remarks>
/// What a server has absent may be read (it is zeros) and nothing here can fault; so an arena may be looked at while
/// it is in use. Nothing of it is believed, and of an arena in use two reads need not belong together. Only a DAX
/// device is mapped, for it has no read(2), and memory behind every byte.
/// </remarks>
internal sealed class ArenaReader : IDisposable
{
    private readonly Stream stream;

    /// <param name="name">The arena as the operator named it.</param>
    /// <param name="kind">What is behind it, for people.</param>
    /// <param name="stream">Its bytes; disposed of with the image.</param>
    public ArenaReader(string name, string kind, Stream stream)
    {
        Name = name;
        Kind = kind;
        this.stream = stream;
        Length = (ulong)stream.Length;
    }

    public string Name { get; }

    public string Kind { get; }

    /// <summary>Bytes of the backing, memory behind them or not.</summary>
    public ulong Length { get; }

    /// <summary>Bytes of memory or disk behind the arena.</summary>
    public ulong AllocatedBytes { get; private init; }

    /// <summary>Who holds the arena's lock; null if nobody does.</summary>
    public string? Owner { get; private init; }

    /// <summary>Opens a file, a device or segments for reading.</summary>
    /// <exception cref="ArenaException">It does not exist, is of the wrong kind or cannot be read.</exception>
    public static ArenaReader Open(ArenaSource source)
    {
        string path = source.Name;
        if (source.Segments is not null) return OpenSegments(source);
        if (BackingOpener.TryFindDevice(path, out DaxDevice device)) return Open(in device);
        FileBacking file = FileBacking.Open(path, create: false, readOnly: true);
        bool isInUse = Libc.IsOpenFileLocked(file.Handle, out bool isLocked) == Errno.OK && isLocked;
        return new ArenaReader(path, file.Kind, new FileStream(file.Handle, FileAccess.Read, bufferSize: 0))
        {
            Owner = isInUse ? OwnerRecord.Describe(file.Handle) : null,
            AllocatedBytes = file.AllocatedBytes,
        };
    }

    private static ArenaReader OpenSegments(ArenaSource source)
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

    /// <summary>Maps the arena in a DAX device for reading.</summary>
    /// <exception cref="ArenaException">There is none, or it cannot be mapped.</exception>
    public static ArenaReader Open(in DaxDevice device)
    {
        using DaxBacking dax = DaxBacking.Open(in device, readOnly: true);
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

    /// <summary>A copy of the structure at <paramref name="pointer"/>.</summary>
    /// <exception cref="ArenaCorruptException">It would not lie in the arena.</exception>
    public T Read<T>(ArenaPointer pointer)
        where T : unmanaged
    {
        T value = default;
        Read(pointer, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
        return value;
    }

    /// <summary>Copies <paramref name="target"/>.Length bytes at <paramref name="pointer"/>.</summary>
    /// <exception cref="ArenaCorruptException">
    /// They would not lie in the arena, or it has just become shorter.
    /// </exception>
    public void Read(ArenaPointer pointer, Span<byte> target)
    {
        bool isInside = pointer.Value <= Length && (ulong)target.Length <= Length - pointer.Value;
        if (!isInside) throw Outside(pointer, target.Length);
        try
        {
            stream.Position = (long)pointer.Value;
            if (stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
                throw Outside(pointer, target.Length);
        }
        catch (IOException exception)
        {
            throw new ArenaException(
                ArenaFault.InputOutput, $"{Name} cannot be read at {pointer}: {exception.Message}",
                "Look into the kernel's log (dmesg).");
        }
    }

    public void Dispose() => stream.Dispose();

    private static ArenaCorruptException Outside(ArenaPointer pointer, int length) =>
        new($"A pointer leads to {length} bytes at {pointer}, outside of the arena.");
}
