namespace PersistFs.Linux;

/// <summary>One component of a path: 1 to 255 bytes, none of them '/' or NUL, neither "." nor "..".</summary>
/// <remarks>
/// Checked once, where bytes enter, and never again. Borrowed: it lives no longer than its bytes.
/// </remarks>
public readonly ref struct FileName
{
    /// <summary>NAME_MAX of limits.h, in bytes.</summary>
    public const int LengthMax = 255;

    private FileName(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The name's bytes, without a terminating NUL.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Takes <paramref name="bytes"/> as a name.</summary>
    /// <returns>
    /// ENAMETOOLONG over 255 bytes; ENOENT when empty; EINVAL with a '/' or NUL in it; EEXIST for "." and "..", which
    /// always exist and never are entries of a directory.
    /// </returns>
    public static Errno TryCreate(ReadOnlySpan<byte> bytes, out FileName name)
    {
        name = default;
        if (bytes.Length > LengthMax) return Errno.ENAMETOOLONG;
        if (bytes.IsEmpty) return Errno.ENOENT;
        if (bytes.IndexOfAny((byte)'/', (byte)0) >= 0) return Errno.EINVAL;
        if (bytes.SequenceEqual("."u8) || bytes.SequenceEqual(".."u8)) return Errno.EEXIST;
        name = new FileName(bytes);
        return Errno.OK;
    }
}
