using PersistFs.Engine.Arenas;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing;

/// <summary>Memory that is not zero because nobody wrote it, and that is not given back: as a device's.</summary>
internal sealed class StaleBacking(ulong length) : Backing
{
    private readonly MemoryBacking memory = new(length);

    public override string Name => memory.Name;

    public override BackingKind Kind => memory.Kind;

    public override ulong Length => memory.Length;

    public override ulong AllocatedBytes => memory.Length;

    public override bool GivesZeros => false;

    public override Errno Map(bool isPrivate, out nint address) => memory.Map(isPrivate, out address);

    public override Errno MapHead(out nint address) => memory.MapHead(out address);

    public override Errno Reserve(ulong offset, ulong length) => memory.Reserve(offset, length);

    public override Errno Release(ulong offset, ulong length) => Errno.EOPNOTSUPP;

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose() => memory.Dispose();
}
