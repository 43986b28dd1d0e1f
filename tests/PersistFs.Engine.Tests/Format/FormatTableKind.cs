namespace PersistFs.Engine.Tests.Format;

/// <summary>What a table of FORMAT.md lists.</summary>
internal enum FormatTableKind
{
    /// <summary>Fields of a struct: offset, size, name.</summary>
    Fields,

    /// <summary>Parts of a word: bits, name.</summary>
    Bits,

    /// <summary>Members of an enum: value, name.</summary>
    Values,

    /// <summary>Parts of a frame: offset, size, name of the constant.</summary>
    Regions,
}
