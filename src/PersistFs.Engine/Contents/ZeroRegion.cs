using PersistFs.Engine.Arenas;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>Zeros of this process, always present, that stand in for holes in replies. Nobody writes to them.</summary>
internal static class ZeroRegion
{
    public const int SizeInBytes = 1024 * 1024;

    public static readonly nint Address = Map();

    private static nint Map()
    {
        Errno error = Libc.MapAnonymously(SizeInBytes, out nint address);
        if (error == Errno.OK) error = Libc.Populate(address, SizeInBytes);
        if (error != Errno.OK)
            throw new ArenaException(ArenaFault.NoSpace, "There is no memory for a page of zeros.", "Free memory.");
        return address;
    }
}
