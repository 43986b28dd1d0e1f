using PersistFs.Engine.Check;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using Xunit;

namespace PersistFs.Engine.Testing;

/// <summary>A freshly formatted arena in memory, open, with one worker; Dispose checks it and deletes it.</summary>
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

    public Tree Tree => Volume.DefaultTree;

    /// <summary>The worker of the thread that made the arena or opened it last.</summary>
    public Worker Worker { get; private set; }

    /// <summary>Whether the test damages the arena on purpose, so that it is not checked in the end.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>Lets the arena go as it is and opens it again, as a successor would.</summary>
    public void Reopen()
    {
        Volume.Dispose();
        Volume = Volume.Open(Path, new VolumeOptions());
        Worker = Volume.AttachWorker();
    }

    /// <summary>Insists that the checker finds nothing. No operation may be under way.</summary>
    public void RequireClean()
    {
        CheckReport report = VolumeChecker.Check(Volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }

    public void Dispose()
    {
        try
        {
            if (!IsDamaged) RequireClean();
        }
        finally
        {
            Volume.Dispose();
            File.Delete(Path);
        }
    }
}
