using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>A place in an inode's list of extended attributes: at one of them, or behind the last.</summary>
/// <remarks>Good while the inode's lock is held and the list is not changed.</remarks>
internal struct AttributeCursor
{
    /// <summary>The word that leads to the attribute: in the inode record, or in the attribute before.</summary>
    public ArenaPointer Link;

    /// <summary>The attribute's object; null behind the last.</summary>
    public ArenaPointer Attribute;

    /// <summary>Slab that the object lies in.</summary>
    public BlockType Slab;

    /// <summary>The object's header, checked.</summary>
    public AttributeHeader Header;

    /// <summary>Bytes that the names up to here take in listxattr(2), this one included.</summary>
    public int NamesLength;

    /// <summary>Whether the cursor stands at an attribute.</summary>
    public readonly bool IsFound => !Attribute.IsNull;

    public readonly int ValueLength => (int)Header.ValueLength;
}
