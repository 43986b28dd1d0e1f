using System.Buffers.Binary;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Tests.Structures;

/// <summary>Values of ACL attributes, spelt as acl(5) has them: "u::rwx,u:1000:r--,g::r-x,m::r-x,o::---".</summary>
internal static class AclBytes
{
    public static byte[] Parse(string text)
    {
        string[] entries = text.Length == 0 ? [] : text.Split(',');
        byte[] bytes = new byte[4 + 8 * entries.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 2);
        for (int index = 0; index < entries.Length; index++)
        {
            string[] parts = entries[index].Split(':');
            Span<byte> entry = bytes.AsSpan(4 + 8 * index, 8);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)TagOf(parts[0], parts[1].Length > 0));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], PermissionsOf(parts[2]));
            uint id = parts[1].Length > 0 ? uint.Parse(parts[1], null) : PosixAcl.NoId;
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], id);
        }
        return bytes;
    }

    private static PosixAclTag TagOf(string letter, bool hasId) => letter switch
    {
        "u" => hasId ? PosixAclTag.User : PosixAclTag.UserObject,
        "g" => hasId ? PosixAclTag.Group : PosixAclTag.GroupObject,
        "m" => PosixAclTag.Mask,
        _ => PosixAclTag.Other,
    };

    private static ushort PermissionsOf(string letters) => (ushort)(
        (letters[0] == 'r' ? 4 : 0) | (letters[1] == 'w' ? 2 : 0) | (letters[2] == 'x' ? 1 : 0));
}
