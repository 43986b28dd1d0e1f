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
    /// <param name="kind">What is behind it.</param>
    /// <param name="stream">Its bytes; disposed of with the reader.</param>
    public ArenaReader(string name, BackingKind kind, Stream stream)
    {
        Name = name;
        Kind = kind;
        this.stream = stream;
        Length = (ulong)stream.Length;
    }

    public string Name { get; }

    public BackingKind Kind { get; }

    /// <summary>Bytes of the backing, memory behind them or not.</summary>
    public ulong Length { get; }

    /// <summary>Bytes of memory or disk behind the arena.</summary>
    public ulong AllocatedBytes { get; init; }

    /// <summary>The process that holds the arena's lock, in words; null if none does.</summary>
    public string? Owner { get; init; }

    /// <summary>Opens a file, a device or segments for reading.</summary>
    /// <exception cref="ArenaException">It does not exist, is of the wrong kind or cannot be read.</exception>
    public static ArenaReader Open(ArenaSource source) =>
        BackingOpener.DriverOf(source).OpenReader(source);

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
