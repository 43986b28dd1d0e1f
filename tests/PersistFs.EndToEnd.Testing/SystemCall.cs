using Mono.Unix.Native;
using Xunit.Sdk;

namespace PersistFs.EndToEnd.Testing;

/// <summary>Assertions on the result of the system call just made by this thread.</summary>
public static class SystemCall
{
    /// <summary>The call succeeded; returns its result.</summary>
    public static long Succeeds(long result)
    {
        if (result != -1) return result;
        throw new XunitException($"expected success, got {Stdlib.GetLastError()}");
    }

    /// <summary>The call was refused with <paramref name="expected"/>.</summary>
    public static void Fails(Errno expected, long result)
    {
        if (result != -1) throw new XunitException($"expected {expected}, but the call succeeded ({result})");
        Errno actual = Stdlib.GetLastError();
        if (actual != expected) throw new XunitException($"expected {expected}, got {actual}");
    }

    /// <summary>Permission bits from their usual octal digits: <c>Mode(755)</c>.</summary>
    public static FilePermissions Mode(int octalDigits)
    {
        int bits = 0;
        for (int shift = 0; octalDigits > 0; octalDigits /= 10, shift += 3) bits |= octalDigits % 10 << shift;
        return (FilePermissions)bits;
    }

    /// <summary>A device number as makedev(3) packs it.</summary>
    public static ulong Device(uint major, uint minor) =>
        (major & 0xfffUL) << 8 | minor & 0xffUL | (minor & ~0xffUL) << 12 | (major & ~0xfffUL) << 32;
}
