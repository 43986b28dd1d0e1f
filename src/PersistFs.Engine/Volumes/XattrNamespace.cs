namespace PersistFs.Engine.Volumes;

/// <summary>What rules an extended attribute follows (xattr(7)); the two ACLs have rules of their own.</summary>
internal enum XattrNamespace
{
    User,
    Trusted,
    Security,
    AccessAcl,
    DefaultAcl,
}
