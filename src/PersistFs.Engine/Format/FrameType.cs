namespace PersistFs.Engine.Format;

/// <summary>What a used frame holds (FORMAT.md, section 2).</summary>
internal enum FrameType : byte
{
    None = 0,
    System = 1,
    Worker = 2,
    Blocks = 3,
    Data = 4,
}
