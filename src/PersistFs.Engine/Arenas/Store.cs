using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PersistFs.Engine.Arenas;

/// <summary>The only code that writes to the arena. Each method is one store, or one bulk copy.</summary>
/// <remarks>
/// Word stores are release stores: on x86-64 that keeps the compiler from moving them, and the processor does not
/// reorder stores. Bulk copies promise nothing and go only where nobody points yet, or where the caller overwrites
/// data.
/// </remarks>
internal static class Store
{
    private static DirtyFrameMap? marks;

    /// <summary>Where stores are marked while an arena is saved; null when none is, and in other processes.</summary>
    public static DirtyFrameMap? Marks => Volatile.Read(ref marks);

    /// <summary>
    /// Begins to mark stores, or ends it. When this returns every store is either marked or seen by any later read.
    /// </summary>
    public static void MarkIn(DirtyFrameMap? where)
    {
        Volatile.Write(ref marks, where);
        Interlocked.MemoryBarrierProcessWide();
    }

    public static void Word<T>(ref T target, T value)
        where T : unmanaged
    {
        switch (Unsafe.SizeOf<T>())
        {
            case sizeof(ulong):
                Volatile.Write(ref Unsafe.As<T, ulong>(ref target), Unsafe.As<T, ulong>(ref value));
                break;
            case sizeof(uint):
                Volatile.Write(ref Unsafe.As<T, uint>(ref target), Unsafe.As<T, uint>(ref value));
                break;
            case sizeof(ushort):
                Volatile.Write(ref Unsafe.As<T, ushort>(ref target), Unsafe.As<T, ushort>(ref value));
                break;
            default:
                Volatile.Write(ref Unsafe.As<T, byte>(ref target), Unsafe.As<T, byte>(ref value));
                break;
        }
        Marks?.Note(ref target);
        if (CrashPoint.IsEnabled) CrashPoint.Observer?.AfterStore();
    }

    /// <summary>Copies bytes; a kill may leave any subset of the words copied.</summary>
    public static void Bulk(Span<byte> target, ReadOnlySpan<byte> source)
    {
        if (CrashPoint.IsEnabled) CrashPoint.Observer?.BeforeBulk(target, source);
        source.CopyTo(target);
        Marks?.Note(target);
        if (CrashPoint.IsEnabled) CrashPoint.Observer?.AfterStore();
    }

    /// <summary>Copies a structure as <see cref="Bulk"/> does.</summary>
    public static void BulkStructure<T>(ref T target, in T source)
        where T : unmanaged =>
        Bulk(
            MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref target, 1)),
            MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in source, 1)));

    /// <summary>Fills with zeros as <see cref="Bulk"/> copies.</summary>
    public static void Zero(Span<byte> target)
    {
        if (CrashPoint.IsEnabled) CrashPoint.Observer?.BeforeBulk(target, default);
        target.Clear();
        Marks?.Note(target);
        if (CrashPoint.IsEnabled) CrashPoint.Observer?.AfterStore();
    }
}
