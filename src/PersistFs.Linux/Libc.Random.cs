using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Random bytes of the kernel: getrandom(2).</summary>
public static partial class Libc
{
    /// <summary>
    /// Fills <paramref name="bytes"/>, of at most 256 bytes, with random ones. The runtime's own generator needs
    /// libssl, which an initial tree or a container may not have.
    /// </summary>
    public static unsafe void FillRandom(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            // Up to 256 bytes come whole, and no signal interrupts the call.
            if (GetRandomCore(start, (nuint)bytes.Length, 0) == bytes.Length) return;
        }

        throw new InvalidOperationException($"getrandom(2) of {bytes.Length} bytes: {LastErrno()}");
    }

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    private static unsafe partial nint GetRandomCore(byte* bytes, nuint length, uint flags);
}
