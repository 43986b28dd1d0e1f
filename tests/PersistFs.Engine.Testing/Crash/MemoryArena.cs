using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>An arena in memory, open, with one worker, of which a seed decides everything that is random.</summary>
internal sealed class MemoryArena : IDisposable
{
    /// <param name="seed">Decides the identity and where names go in directories.</param>
    /// <param name="sizeInBytes">Size the arena may grow to.</param>
    public MemoryArena(ulong seed, ulong sizeInBytes = FormatOptions.SizeMin)
    {
        var options = new FormatOptions { SizeMax = sizeInBytes };
        Superblock superblock = VolumeFormatter.Describe(options);
        var random = new SeededRandom(seed);
        superblock.Uuid = new UInt128(random.NextWord(), random.NextWord());
        superblock.HashSeedLow = random.NextWord();
        superblock.HashSeedHigh = random.NextWord();
        superblock.Checksum = Checksum.Of(in superblock);
        Backing = new MemoryBacking(superblock.FrameCountMax << Layout.FrameSizeLog2);
        VolumeFormatter.Write(Backing, in superblock, options);
        Backing.NoteUnmapped();
        Volume = VolumeOpener.Open(Backing, new VolumeOptions());
        Worker = Volume.AttachWorker();
        Tree.BeginSession();
        User = new VolumeUser(Volume, Worker);
    }

    public MemoryBacking Backing { get; }

    public Volume Volume { get; }

    public Tree Tree => Volume.DefaultTree;

    public Worker Worker { get; }

    /// <summary>Works on the volume by paths, with the arena's worker.</summary>
    public VolumeUser User { get; }

    public void Dispose() => Volume.Dispose();
}
