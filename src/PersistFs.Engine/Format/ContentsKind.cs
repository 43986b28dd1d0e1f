namespace PersistFs.Engine.Format;

/// <summary>Where a file's bytes are (FORMAT.md, sections 7, 8 and 10).</summary>
internal enum ContentsKind : byte
{
    None = 0,
    Inline = 1,
    Packed = 2,
    Mapped = 3,
    Native = 4,
    Directory = 5,
}
