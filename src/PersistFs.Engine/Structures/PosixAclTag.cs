namespace PersistFs.Engine.Structures;

/// <summary>Whom an entry of an ACL speaks of: e_tag of struct posix_acl_xattr_entry (linux/posix_acl.h).</summary>
internal enum PosixAclTag : ushort
{
    UserObject = 0x01,
    User = 0x02,
    GroupObject = 0x04,
    Group = 0x08,
    Mask = 0x10,
    Other = 0x20,
}
