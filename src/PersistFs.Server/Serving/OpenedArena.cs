using PersistFs.Engine.Volumes;
using PersistFs.Server.Memfd;

namespace PersistFs.Server.Serving;

/// <summary>An arena that this process has open.</summary>
/// <param name="Volume">The file system in it.</param>
/// <param name="Name">Its name, or its path as the kernel writes it.</param>
/// <param name="Memory">Its segments, where it lies in memory; else null.</param>
internal sealed record OpenedArena(Volume Volume, string Name, MemfdArena? Memory) : IDisposable
{
    public void Dispose()
    {
        Volume.Dispose();
        Memory?.Dispose();
    }
}
