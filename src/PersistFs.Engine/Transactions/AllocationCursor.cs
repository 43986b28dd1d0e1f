using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>Where one worker last found room; only a place to look first, verified at each use.</summary>
internal sealed class AllocationCursor
{
    private readonly ArenaPointer[] slabs = new ArenaPointer[SizeClass.IndexCount];
    private readonly uint[] searches = new uint[SizeClass.IndexCount];

    /// <summary>Frame whose free blocks this worker takes; 0 for none.</summary>
    public uint Frame { get; set; }

    /// <summary>Block in that frame from which to look on.</summary>
    public int Block { get; set; }

    /// <summary>Frame from which to look for the next one with free blocks.</summary>
    public uint FrameSearch { get; set; }

    /// <summary>The slab of each class that this worker fills.</summary>
    public ref ArenaPointer Slab(int classIndex) => ref slabs[classIndex];

    /// <summary>Frame from which to look for partly filled slabs of a class.</summary>
    public ref uint SlabSearch(int classIndex) => ref searches[classIndex];
}
