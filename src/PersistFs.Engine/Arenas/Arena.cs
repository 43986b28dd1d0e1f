using System.Runtime.CompilerServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Arenas;

/// <summary>The mapped range, and the only owner of its base address. Everything else speaks in offsets.</summary>
/// <remarks>
/// INVARIANT: [start, start + length) stays mapped until Dispose; whether memory is behind a frame is the frame table's
/// knowledge, and readers of pointers found in the arena ask it first.
/// </remarks>
internal sealed unsafe class Arena
{
    private readonly byte* start;

    /// <param name="address">First byte of the mapping, a multiple of the frame size.</param>
    /// <param name="length">Its length in bytes.</param>
    public Arena(nint address, ulong length)
    {
        start = (byte*)address;
        Length = length;
    }

    /// <summary>Bytes from the first to the last frame, present or not.</summary>
    public ulong Length { get; }

    /// <summary>The structure at <paramref name="pointer"/>, for reading.</summary>
    /// <exception cref="ArenaCorruptException">It would not lie in the arena, or not be aligned.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly T At<T>(ArenaPointer pointer)
        where T : unmanaged =>
        ref *(T*)Locate(pointer, (ulong)sizeof(T), (ulong)Math.Min(sizeof(T), sizeof(ulong)));

    /// <summary><paramref name="length"/> bytes at <paramref name="pointer"/>, for reading.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Bytes(ArenaPointer pointer, int length) =>
        new(Locate(pointer, (ulong)(uint)length, 1), length);

    /// <summary>An array of words at <paramref name="pointer"/>, for reading.</summary>
    public ReadOnlySpan<ulong> Words(ArenaPointer pointer, int count) =>
        new(Locate(pointer, (ulong)(uint)count * sizeof(ulong), sizeof(ulong)), count);

    /// <summary>The address of <paramref name="length"/> bytes, to hand to the kernel.</summary>
    public nint AddressOf(ArenaPointer pointer, ulong length) => (nint)Locate(pointer, length, 1);

    /// <summary>Where in the arena <paramref name="reference"/> points.</summary>
    /// <remarks>A reference to anything else is a bug: it would be a store outside of the arena's rules.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArenaPointer PointerTo<T>(ref readonly T reference)
        where T : unmanaged
    {
        ulong offset = (ulong)Unsafe.AsPointer(ref Unsafe.AsRef(in reference)) - (ulong)start;
        if (offset >= Length) FailOutside();
        return new ArenaPointer(offset);
    }

    /// <summary>The structure at <paramref name="pointer"/>, for <see cref="Store"/>.</summary>
    internal ref T Target<T>(ArenaPointer pointer)
        where T : unmanaged =>
        ref Unsafe.AsRef(in At<T>(pointer));

    /// <summary>The bytes at <paramref name="pointer"/>, for <see cref="Store"/>.</summary>
    internal Span<byte> TargetBytes(ArenaPointer pointer, int length) =>
        new(Locate(pointer, (ulong)(uint)length, 1), length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Locate(ArenaPointer pointer, ulong length, ulong alignment)
    {
        ulong offset = pointer.Value;
        if (offset > Length || length > Length - offset || (offset & (alignment - 1)) != 0)
        {
            ThrowOutside(pointer, length);
        }
        return start + offset;
    }

    private void ThrowOutside(ArenaPointer pointer, ulong length) => throw new ArenaCorruptException(
        $"A pointer leads to {length} bytes at {pointer}, outside of the arena's {Length} bytes or misaligned.");

    private static void FailOutside() =>
        Environment.FailFast("A store was about to happen through a reference that does not point into the arena.");
}
