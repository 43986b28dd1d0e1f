using PersistFs.Engine;
using PersistFs.Engine.Transactions;

namespace PersistFs.Testing;

/// <summary>A freshly formatted arena in memory, open, with one worker; Dispose deletes it.</summary>
public sealed class TestArena : IDisposable
{
    public const ulong DefaultSizeInBytes = 64UL * 1024 * 1024;

    private const string MemoryDirectory = "/dev/shm";

    /// <param name="sizeInBytes">Size the arena may grow to.</param>
    /// <param name="isFixed">Whether all of its memory is there from the start.</param>
    public TestArena(ulong sizeInBytes = DefaultSizeInBytes, bool isFixed = false)
    {
        string directory = Directory.Exists(MemoryDirectory) ? MemoryDirectory : System.IO.Path.GetTempPath();
        Path = System.IO.Path.Combine(directory, $"persistfs-test-{Guid.NewGuid():n}");
        VolumeFormatter.Format(Path, new FormatOptions { SizeMax = sizeInBytes, IsFixed = isFixed });
        Volume = Volume.Open(Path, new VolumeOptions());
        Worker = Volume.AttachWorker();
    }

    public string Path { get; }

    public Volume Volume { get; private set; }

    /// <summary>The worker of the thread that made the arena or opened it last.</summary>
    public Worker Worker { get; private set; }

    /// <summary>Lets the arena go as it is and opens it again, as a successor would.</summary>
    public void Reopen()
    {
        Volume.Dispose();
        Volume = Volume.Open(Path, new VolumeOptions());
        Worker = Volume.AttachWorker();
    }

    public void Dispose()
    {
        Volume.Dispose();
        File.Delete(Path);
    }
}
