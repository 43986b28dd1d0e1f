namespace PersistFs.Engine.Volumes;

/// <summary>How setxattr(2) is meant.</summary>
[Flags]
public enum XattrSetFlags
{
    /// <summary>Makes the attribute or replaces its value.</summary>
    None = 0,

    /// <summary>XATTR_CREATE: fails with EEXIST if it exists.</summary>
    Create = 1,

    /// <summary>XATTR_REPLACE: fails with ENODATA if it does not.</summary>
    Replace = 2,

    /// <summary>With system.posix_acl_access: clears set-group-id, the caller not being in the file's group.</summary>
    KillSetGroupId = 0x100,
}
