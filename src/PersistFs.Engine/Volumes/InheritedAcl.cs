using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Volumes;

/// <summary>What a new inode gets from its parent's default ACL and the caller's umask.</summary>
internal readonly struct InheritedAcl
{
    /// <summary>Without a default ACL.</summary>
    public InheritedAcl(uint mode) => Mode = mode;

    public InheritedAcl(uint mode, InodeNumber parent, in AttributeCursor source, bool hasAccess, bool hasDefault)
    {
        Mode = mode;
        Parent = parent;
        Source = source;
        HasAccess = hasAccess;
        HasDefault = hasDefault;
    }

    /// <summary>The new inode's mode, with its type.</summary>
    public uint Mode { get; }

    /// <summary>The parent, and its default ACL.</summary>
    public InodeNumber Parent { get; }

    public AttributeCursor Source { get; }

    /// <summary>Whether the new inode gets an access ACL, its mode not saying everything.</summary>
    public bool HasAccess { get; }

    /// <summary>Whether it gets the default ACL, being a directory.</summary>
    public bool HasDefault { get; }

    /// <summary>Blocks that storing it takes at worst.</summary>
    public int BlockCost =>
        (HasAccess ? AttributeList.CostOf(XattrName.AccessAcl.Length, Source.ValueLength) : 0)
        + (HasDefault ? AttributeList.CostOf(XattrName.DefaultAcl.Length, Source.ValueLength) : 0);
}
