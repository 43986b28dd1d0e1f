using System.Buffers.Binary;
using PersistFs.Linux;

namespace PersistFs.Engine.Structures;

/// <summary>
/// A POSIX access control list, in the form that its extended attribute has (acl(5), linux/posix_acl_xattr.h).
/// </summary>
/// <remarks>
/// Four bytes of version, then entries of eight: tag, permissions, id. INVARIANT: one that is not empty has exactly one
/// entry each for owner, owning group and others, in the canonical order, and a mask if it names anybody else.
/// Borrowed: it lives no longer than its bytes.
/// </remarks>
internal readonly ref struct PosixAcl
{
    /// <summary>What the kernel's FUSE client can carry: one page.</summary>
    public const int SizeInBytesMax = 4096;

    /// <summary>The id of an entry whose tag takes none.</summary>
    public const uint NoId = uint.MaxValue;

    private const uint Version = 2;
    private const int HeaderSizeInBytes = 4;
    private const int EntrySizeInBytes = 8;
    private const int MinimalEntryCount = 3;
    private const uint PermissionsMax = 7;
    private const int OwnerShift = 6;
    private const int GroupShift = 3;

    private readonly ReadOnlySpan<byte> entries;

    private PosixAcl(ReadOnlySpan<byte> entries) => this.entries = entries;

    /// <summary>Whether it has no entries: setting it means to remove the list.</summary>
    public bool IsEmpty => entries.IsEmpty;

    /// <summary>Whether it says no more than the permission bits of a mode can.</summary>
    public bool IsMinimal => Count == MinimalEntryCount;

    public int SizeInBytes => HeaderSizeInBytes + entries.Length;

    /// <summary>
    /// The nine permission bits that stat(2) shows for it: those of owner, of the mask or the owning group, of others.
    /// </summary>
    public uint AccessBits
    {
        get
        {
            uint owner = 0;
            uint group = 0;
            uint other = 0;
            for (int index = 0; index < Count; index++)
            {
                uint permissions = PermissionsAt(entries, index);
                switch (TagAt(entries, index))
                {
                    case PosixAclTag.UserObject: owner = permissions; break;
                    // The mask comes behind the owning group, and counts instead of it.
                    case PosixAclTag.GroupObject or PosixAclTag.Mask: group = permissions; break;
                    case PosixAclTag.Other: other = permissions; break;
                    default: break;
                }
            }
            return owner << OwnerShift | group << GroupShift | other;
        }
    }

    private int Count => entries.Length / EntrySizeInBytes;

    /// <summary>Takes the value of an ACL's attribute; nothing of it is trusted.</summary>
    /// <returns>EINVAL when malformed, EOPNOTSUPP for a version other than 2, E2BIG over 4096 bytes.</returns>
    public static Errno TryParse(ReadOnlySpan<byte> value, out PosixAcl acl)
    {
        acl = default;
        if (value.Length > SizeInBytesMax) return Errno.E2BIG;
        if (value.Length < HeaderSizeInBytes) return Errno.EINVAL;
        if (BinaryPrimitives.ReadUInt32LittleEndian(value) != Version) return Errno.EOPNOTSUPP;
        ReadOnlySpan<byte> entries = value[HeaderSizeInBytes..];
        if (entries.Length % EntrySizeInBytes != 0) return Errno.EINVAL;
        if (!entries.IsEmpty && !IsWellFormed(entries)) return Errno.EINVAL;
        acl = new PosixAcl(entries);
        return Errno.OK;
    }

    /// <summary>
    /// Writes the canonical form, <see cref="SizeInBytes"/> bytes: tags that take no id have <see cref="NoId"/>.
    /// </summary>
    public void WriteTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Version);
        Span<byte> copy = target[HeaderSizeInBytes..];
        entries.CopyTo(copy);
        for (int index = 0; index < Count; index++)
        {
            if (!TakesId(TagAt(entries, index)))
                BinaryPrimitives.WriteUInt32LittleEndian(copy[(index * EntrySizeInBytes + 4)..], NoId);
        }
    }

    /// <summary>
    /// chmod(2): gives owner, mask (or owning group, without one) and others the bits of <paramref name="mode"/>.
    /// </summary>
    /// <param name="canonical">An ACL as <see cref="WriteTo"/> writes it; changed in place.</param>
    /// <param name="mode">The new mode.</param>
    public static void ApplyMode(Span<byte> canonical, uint mode)
    {
        Span<byte> entries = canonical[HeaderSizeInBytes..];
        int groupClass = GroupClassIndex(entries);
        for (int index = 0; index < entries.Length / EntrySizeInBytes; index++)
        {
            int shift = ShiftOf(entries, index, groupClass);
            if (shift >= 0) SetPermissionsAt(entries, index, mode >> shift & PermissionsMax);
        }
    }

    /// <summary>Creation below a default ACL: neither the ACL nor the mode keeps a bit that the other lacks.</summary>
    /// <param name="canonical">The parent's default ACL; becomes the child's access ACL in place.</param>
    /// <param name="mode">The mode asked for, without regard to the umask.</param>
    /// <returns>The child's mode.</returns>
    public static uint Restrict(Span<byte> canonical, uint mode)
    {
        Span<byte> entries = canonical[HeaderSizeInBytes..];
        int groupClass = GroupClassIndex(entries);
        uint allowed = 0;
        for (int index = 0; index < entries.Length / EntrySizeInBytes; index++)
        {
            int shift = ShiftOf(entries, index, groupClass);
            if (shift < 0) continue;
            uint permissions = PermissionsAt(entries, index) & mode >> shift;
            SetPermissionsAt(entries, index, permissions);
            allowed |= permissions << shift;
        }
        return mode & ~ModeBits.AccessMask | allowed;
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> entries)
    {
        bool needsMask = false;
        PosixAclTag previous = 0;
        for (int index = 0; index < entries.Length / EntrySizeInBytes; index++)
        {
            PosixAclTag tag = TagAt(entries, index);
            if (PermissionsAt(entries, index) > PermissionsMax || !MayFollow(previous, tag, needsMask)) return false;
            if (TakesId(tag))
            {
                needsMask = true;
                if (IdAt(entries, index) == NoId) return false;
            }
            previous = tag;
        }
        return previous == PosixAclTag.Other;
    }

    /// <summary>The order of tags, which also says which occur once and which must occur.</summary>
    private static bool MayFollow(PosixAclTag previous, PosixAclTag tag, bool needsMask) => tag switch
    {
        PosixAclTag.UserObject => previous == 0,
        PosixAclTag.User => previous is PosixAclTag.UserObject or PosixAclTag.User,
        PosixAclTag.GroupObject => previous is PosixAclTag.UserObject or PosixAclTag.User,
        PosixAclTag.Group => previous is PosixAclTag.GroupObject or PosixAclTag.Group,
        PosixAclTag.Mask => previous is PosixAclTag.GroupObject or PosixAclTag.Group,
        PosixAclTag.Other => previous == PosixAclTag.Mask || !needsMask && previous == PosixAclTag.GroupObject,
        _ => false,
    };

    private static bool TakesId(PosixAclTag tag) => tag is PosixAclTag.User or PosixAclTag.Group;

    /// <summary>Where a mode has the bits of an entry; -1 if it has none.</summary>
    private static int ShiftOf(ReadOnlySpan<byte> entries, int index, int groupClass) => TagAt(entries, index) switch
    {
        PosixAclTag.UserObject => OwnerShift,
        PosixAclTag.Other => 0,
        _ => index == groupClass ? GroupShift : -1,
    };

    /// <summary>The entry that stands for the group bits of a mode: the mask, else the owning group.</summary>
    private static int GroupClassIndex(ReadOnlySpan<byte> entries)
    {
        int found = -1;
        for (int index = 0; index < entries.Length / EntrySizeInBytes; index++)
        {
            if (TagAt(entries, index) is PosixAclTag.GroupObject or PosixAclTag.Mask) found = index;
        }
        return found;
    }

    private static PosixAclTag TagAt(ReadOnlySpan<byte> entries, int index) =>
        (PosixAclTag)BinaryPrimitives.ReadUInt16LittleEndian(entries[(index * EntrySizeInBytes)..]);

    private static uint PermissionsAt(ReadOnlySpan<byte> entries, int index) =>
        BinaryPrimitives.ReadUInt16LittleEndian(entries[(index * EntrySizeInBytes + 2)..]);

    private static uint IdAt(ReadOnlySpan<byte> entries, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(entries[(index * EntrySizeInBytes + 4)..]);

    private static void SetPermissionsAt(Span<byte> entries, int index, uint permissions) =>
        BinaryPrimitives.WriteUInt16LittleEndian(entries[(index * EntrySizeInBytes + 2)..], (ushort)permissions);
}
