namespace PersistFs.Engine.Structures;

/// <summary>What an entry of an ACL applies to: e_tag of struct posix_acl_xattr_entry (linux/posix_acl.h).</summary>
internal enum PosixAclTag : ushort
{
    UserObject = 0x01,
    User = 0x02,
    GroupObject = 0x04,
    Group = 0x08,
    Mask = 0x10,
    Other = 0x20,
}
