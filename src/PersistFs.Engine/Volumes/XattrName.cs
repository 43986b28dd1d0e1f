using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>The name of an extended attribute, with its namespace (xattr(7)).</summary>
/// <remarks>Borrowed: it lives no longer than its bytes.</remarks>
internal readonly ref struct XattrName
{
    private XattrName(ReadOnlySpan<byte> bytes, XattrNamespace space)
    {
        Bytes = bytes;
        Namespace = space;
    }

    /// <summary>Names that only a privileged caller may see begin with this.</summary>
    public static ReadOnlySpan<byte> TrustedPrefix => "trusted."u8;

    public static ReadOnlySpan<byte> AccessAcl => "system.posix_acl_access"u8;

    public static ReadOnlySpan<byte> DefaultAcl => "system.posix_acl_default"u8;

    /// <summary>File capabilities, which end when the file or its owner is changed (capabilities(7)).</summary>
    public static ReadOnlySpan<byte> Capability => "security.capability"u8;

    /// <summary>The whole name, without a terminating NUL.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public XattrNamespace Namespace { get; }

    public bool IsAcl => Namespace is XattrNamespace.AccessAcl or XattrNamespace.DefaultAcl;

    /// <summary>Takes <paramref name="bytes"/> as a name.</summary>
    /// <returns>
    /// ERANGE unless 1 to 255 bytes long; EOPNOTSUPP for an unknown namespace; EINVAL for a namespace alone or a NUL.
    /// </returns>
    public static Errno TryCreate(ReadOnlySpan<byte> bytes, out XattrName name)
    {
        name = default;
        if (bytes.Length is 0 or > FileName.LengthMax) return Errno.ERANGE;
        if (bytes.Contains((byte)0)) return Errno.EINVAL;
        if (!TryClassify(bytes, out XattrNamespace space, out int prefixLength)) return Errno.EOPNOTSUPP;
        if (bytes.Length == prefixLength) return Errno.EINVAL;
        name = new XattrName(bytes, space);
        return Errno.OK;
    }

    private static bool TryClassify(ReadOnlySpan<byte> bytes, out XattrNamespace space, out int prefixLength)
    {
        prefixLength = bytes.IndexOf((byte)'.') + 1;
        ReadOnlySpan<byte> prefix = bytes[..prefixLength];
        space = XattrNamespace.User;
        if (prefix.SequenceEqual("user."u8)) return true;
        space = XattrNamespace.Trusted;
        if (prefix.SequenceEqual(TrustedPrefix)) return true;
        space = XattrNamespace.Security;
        if (prefix.SequenceEqual("security."u8)) return true;
        space = XattrNamespace.AccessAcl;
        if (bytes.SequenceEqual(AccessAcl)) return true;
        space = XattrNamespace.DefaultAcl;
        return bytes.SequenceEqual(DefaultAcl);
    }
}
