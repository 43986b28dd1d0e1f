namespace PersistFs.Engine.Format;

/// <summary>Whether memory is behind a frame (FORMAT.md, section 2).</summary>
internal enum FrameState : byte
{
    /// <summary>No memory; must not be touched.</summary>
    Absent = 0,

    /// <summary>Memory is being reserved; recovery takes it back.</summary>
    Growing = 1,

    /// <summary>Present and unused.</summary>
    Free = 2,

    /// <summary>Present and of the type its descriptor names.</summary>
    Used = 3,

    /// <summary>Memory is being given back; recovery finishes it.</summary>
    Releasing = 4,
}
