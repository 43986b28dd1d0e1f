using System.Text;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Model;

/// <summary>A tree in ordinary memory that behaves as a tmpfs does: what a volume is compared with.</summary>
internal sealed class ReferenceFileSystem
{
    /// <param name="root">The directory that the model begins with.</param>
    public ReferenceFileSystem(ReferenceNode root) => Root = root;

    public ReferenceNode Root { get; }

    /// <summary>The file at a path; "" is the root.</summary>
    public Errno Find(string path, out ReferenceNode node)
    {
        node = Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!node.IsDirectory) return Errno.ENOTDIR;
            if (!node.Children.TryGetValue(name, out ReferenceNode? child)) return Errno.ENOENT;
            node = child;
        }
        return Errno.OK;
    }

    public Errno Create(string path, uint mode, uint device, ReadOnlySpan<byte> target)
    {
        Errno error = Split(path, out ReferenceNode directory, out string name);
        if (error != Errno.OK) return error;
        if (directory.Children.ContainsKey(name)) return Errno.EEXIST;
        bool inheritsGroup = (directory.Mode & ModeBits.SetGroupId) != 0;
        bool isDirectory = ModeBits.IsDirectory(mode);
        var node = new ReferenceNode
        {
            Mode = mode | (inheritsGroup && isDirectory ? ModeBits.SetGroupId : 0),
            UserId = VolumeUser.OwnerOf(mode),
            GroupId = inheritsGroup ? directory.GroupId : VolumeUser.OwnerOf(mode) + 1,
            Device = device,
            LinkCount = isDirectory ? 2U : 1U,
            Parent = isDirectory ? directory : null,
        };
        node.Write(0, target);
        directory.Children.Add(name, node);
        if (isDirectory) directory.LinkCount++;
        return Errno.OK;
    }

    public Errno Link(ReferenceNode node, string path)
    {
        Errno error = Split(path, out ReferenceNode directory, out string name);
        if (error != Errno.OK) return error;
        if (node.IsDirectory) return Errno.EPERM;
        if (!directory.Children.TryAdd(name, node)) return Errno.EEXIST;
        node.LinkCount++;
        return Errno.OK;
    }

    public Errno Unlink(string path)
    {
        Errno error = Split(path, out ReferenceNode directory, out string name);
        if (error != Errno.OK) return error;
        if (!directory.Children.TryGetValue(name, out ReferenceNode? node)) return Errno.ENOENT;
        if (node.IsDirectory) return Errno.EISDIR;
        directory.Children.Remove(name);
        node.LinkCount--;
        return Errno.OK;
    }

    public Errno RemoveDirectory(string path)
    {
        Errno error = Split(path, out ReferenceNode directory, out string name);
        if (error != Errno.OK) return error;
        if (!directory.Children.TryGetValue(name, out ReferenceNode? node)) return Errno.ENOENT;
        if (!node.IsDirectory) return Errno.ENOTDIR;
        if (node.Children.Count > 0) return Errno.ENOTEMPTY;
        directory.Children.Remove(name);
        directory.LinkCount--;
        node.LinkCount = 0;
        return Errno.OK;
    }

    public Errno Rename(string oldPath, string newPath, RenameMode mode)
    {
        Errno error = Split(oldPath, out ReferenceNode oldDirectory, out string oldName);
        if (error != Errno.OK) return error;
        error = Split(newPath, out ReferenceNode newDirectory, out string newName);
        if (error != Errno.OK) return error;
        if (!oldDirectory.Children.TryGetValue(oldName, out ReferenceNode? moved)) return Errno.ENOENT;
        newDirectory.Children.TryGetValue(newName, out ReferenceNode? replaced);
        error = CheckRename(moved, oldDirectory, replaced, newDirectory, mode);
        if (error != Errno.OK || moved == replaced) return error;
        if ((mode & RenameMode.Exchange) != 0)
        {
            Place(replaced!, newDirectory, oldDirectory, oldName);
            Place(moved, oldDirectory, newDirectory, newName);
            return Errno.OK;
        }
        if (replaced is not null) Drop(replaced, newDirectory);
        oldDirectory.Children.Remove(oldName);
        Place(moved, oldDirectory, newDirectory, newName);
        if ((mode & RenameMode.Whiteout) != 0)
        {
            oldDirectory.Children[oldName] = new ReferenceNode
            {
                Mode = ModeBits.CharacterDevice,
                UserId = 0,
                GroupId = (oldDirectory.Mode & ModeBits.SetGroupId) != 0 ? oldDirectory.GroupId : 0,
                LinkCount = 1,
            };
        }
        return Errno.OK;
    }

    public Errno Write(ReferenceNode node, ulong offset, ReadOnlySpan<byte> data)
    {
        Errno error = RequireContents(node);
        if (error != Errno.OK) return error;
        if (offset > long.MaxValue || (ulong)data.Length > long.MaxValue - offset) return Errno.EFBIG;
        if (!data.IsEmpty) node.Write(offset, data);
        return Errno.OK;
    }

    public Errno SetSize(ReferenceNode node, ulong size)
    {
        Errno error = RequireContents(node);
        if (error != Errno.OK) return error;
        if (size > long.MaxValue) return Errno.EFBIG;
        node.SetSize(size);
        return Errno.OK;
    }

    public Errno Allocate(ReferenceNode node, ulong offset, ulong length, FallocateMode mode)
    {
        if (length == 0) return Errno.EINVAL;
        if (offset > long.MaxValue || length > long.MaxValue - offset) return Errno.EFBIG;
        Errno error = RequireContents(node);
        if (error != Errno.OK) return error;
        ulong end = offset + length;
        if ((mode & (FallocateMode.PunchHole | FallocateMode.ZeroRange)) != 0) node.Zero(offset, end);
        if ((mode & FallocateMode.KeepSize) == 0) node.SetSize(Math.Max(node.Size, end));
        return Errno.OK;
    }

    public Errno CopyRange(
        ReferenceNode source, ulong sourceOffset, ReferenceNode target, ulong targetOffset, ulong length)
    {
        Errno error = RequireContents(source);
        if (error != Errno.OK) return error;
        length = sourceOffset < source.Size ? Math.Min(length, source.Size - sourceOffset) : 0;
        ulong distance = Math.Max(sourceOffset, targetOffset) - Math.Min(sourceOffset, targetOffset);
        if (source == target && distance < length) return Errno.EINVAL;
        if (length == 0) return Errno.OK;
        error = RequireContents(target);
        if (error != Errno.OK) return error;
        target.Write(targetOffset, source.Read(sourceOffset, (int)length));
        return Errno.OK;
    }

    public Errno SetXattr(ReferenceNode node, string name, ReadOnlySpan<byte> value, XattrSetFlags flags)
    {
        if (!MayHaveXattr(node, name)) return Errno.EPERM;
        bool exists = node.Xattrs.ContainsKey(name);
        if (exists && flags.HasFlag(XattrSetFlags.Create)) return Errno.EEXIST;
        if (!exists && flags.HasFlag(XattrSetFlags.Replace)) return Errno.ENODATA;
        node.Xattrs[name] = value.ToArray();
        return Errno.OK;
    }

    public Errno RemoveXattr(ReferenceNode node, string name)
    {
        if (!MayHaveXattr(node, name)) return Errno.EPERM;
        return node.Xattrs.Remove(name) ? Errno.OK : Errno.ENODATA;
    }

    public Errno ChangeMode(ReferenceNode node, uint permissions)
    {
        if (ModeBits.IsSymbolicLink(node.Mode)) return Errno.EOPNOTSUPP;
        node.Mode = node.Mode & ~ModeBits.PermissionMask | permissions;
        return Errno.OK;
    }

    private static Errno CheckRename(
        ReferenceNode moved, ReferenceNode oldDirectory, ReferenceNode? replaced, ReferenceNode newDirectory,
        RenameMode mode)
    {
        bool exchanges = (mode & RenameMode.Exchange) != 0;
        if (replaced is not null && (mode & RenameMode.NoReplace) != 0) return Errno.EEXIST;
        if (replaced is null && exchanges) return Errno.ENOENT;
        if (IsWithin(newDirectory, moved)) return Errno.EINVAL;
        if (replaced is null || moved == replaced) return Errno.OK;
        if (exchanges) return IsWithin(oldDirectory, replaced) ? Errno.EINVAL : Errno.OK;
        if (moved.IsDirectory && !replaced.IsDirectory) return Errno.ENOTDIR;
        if (!moved.IsDirectory && replaced.IsDirectory) return Errno.EISDIR;
        return replaced.Children.Count > 0 ? Errno.ENOTEMPTY : Errno.OK;
    }

    private static bool IsWithin(ReferenceNode directory, ReferenceNode ancestor)
    {
        for (ReferenceNode? step = directory; step is not null; step = step.Parent)
        {
            if (step == ancestor) return true;
        }
        return false;
    }

    /// <summary>Gives a file its new name; the old one is gone already, or taken over.</summary>
    private static void Place(ReferenceNode node, ReferenceNode from, ReferenceNode to, string name)
    {
        to.Children[name] = node;
        if (!node.IsDirectory) return;
        node.Parent = to;
        from.LinkCount--;
        to.LinkCount++;
    }

    private static void Drop(ReferenceNode node, ReferenceNode directory)
    {
        if (node.IsDirectory) directory.LinkCount--;
        node.LinkCount = node.IsDirectory ? 0 : node.LinkCount - 1;
    }

    private static Errno RequireContents(ReferenceNode node) =>
        node.IsDirectory ? Errno.EISDIR : node.IsRegular ? Errno.OK : Errno.EINVAL;

    private static bool MayHaveXattr(ReferenceNode node, string name) =>
        node.IsDirectory || node.IsRegular || !name.StartsWith("user.", StringComparison.Ordinal);

    private Errno Split(string path, out ReferenceNode directory, out string name)
    {
        int slash = path.LastIndexOf('/');
        name = path[(slash + 1)..];
        Errno error = Find(path[..Math.Max(slash, 0)], out directory);
        if (error == Errno.OK && Encoding.Latin1.GetByteCount(name) > FileName.LengthMax) error = Errno.ENAMETOOLONG;
        if (error == Errno.OK && !directory.IsDirectory) error = Errno.ENOTDIR;
        return error;
    }
}
