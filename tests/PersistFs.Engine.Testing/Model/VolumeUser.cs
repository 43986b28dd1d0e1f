using System.Text;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Model;

/// <summary>
/// One thread that works on a volume by paths, as a kernel would: every reference it is given, it gives back.
/// </summary>
internal sealed class VolumeUser
{
    private const int PermissionBits = 0x1FF;

    public VolumeUser(Volume volume, Worker worker)
    {
        Volume = volume;
        Worker = worker;
    }

    public Volume Volume { get; }

    public Tree Tree => Volume.DefaultTree;

    public Worker Worker { get; }

    /// <summary>The inode at a path; "" is the root.</summary>
    /// <remarks>Nobody watches these stores: they are no part of the operation that wants the path.</remarks>
    public Errno Find(string path, out InodeNumber inode)
    {
        CrashObserver? watching = CrashPoint.Observer;
        CrashPoint.Observer = null;
        try
        {
            return Walk(path, out inode);
        }
        finally
        {
            CrashPoint.Observer = watching;
        }
    }

    private Errno Walk(string path, out InodeNumber inode)
    {
        inode = Tree.Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            Errno error = NameOf(name, out byte[] bytes);
            if (error != Errno.OK) return error;
            _ = FileName.TryCreate(bytes, out FileName fileName);
            error = Tree.Lookup(Worker, inode, fileName, out InodeAttributes attributes);
            if (error != Errno.OK) return error;
            inode = attributes.Inode;
            Tree.Forget(Worker, inode, 1);
        }
        return Errno.OK;
    }

    public Errno CreateFile(string path, uint permissions = 0x1A4) =>
        Create(path, ModeBits.Regular | permissions, 0, []);

    public Errno CreateDirectory(string path, uint permissions = 0x1ED) =>
        Create(path, ModeBits.Directory | permissions, 0, []);

    public Errno CreateSymbolicLink(string path, string target) =>
        Create(path, ModeBits.SymbolicLink | PermissionBits, 0, Encoding.Latin1.GetBytes(target));

    /// <summary>Makes a file of any type; its owner follows from its mode, so that it is not always the same.</summary>
    public Errno Create(string path, uint mode, uint device, ReadOnlySpan<byte> target)
    {
        Errno error = Split(path, out InodeNumber directory, out byte[] name);
        if (error != Errno.OK) return error;
        error = FileName.TryCreate(name, out FileName fileName);
        if (error != Errno.OK) return error;
        var node = new NewNode
        {
            Mode = mode,
            UserId = OwnerOf(mode),
            GroupId = OwnerOf(mode) + 1,
            DeviceNumber = device,
        };
        error = Tree.Create(Worker, directory, fileName, in node, target, out InodeAttributes attributes);
        if (error == Errno.OK) Tree.Forget(Worker, attributes.Inode, 1);
        return error;
    }

    /// <summary>Who owns a file that was made with this mode.</summary>
    public static uint OwnerOf(uint mode) => 1000 + (mode & 7);

    /// <summary>Makes a file without a name, which the caller holds.</summary>
    public Errno CreateUnnamed(string directoryPath, out InodeNumber inode)
    {
        Errno error = Find(directoryPath, out InodeNumber directory);
        inode = default;
        if (error != Errno.OK) return error;
        var node = new NewNode { Mode = ModeBits.Regular | 0x180, UserId = 7, GroupId = 7 };
        error = Tree.CreateUnnamed(Worker, directory, in node, out InodeAttributes attributes);
        inode = attributes.Inode;
        return error;
    }

    public Errno Link(InodeNumber inode, string path)
    {
        Errno error = Split(path, out InodeNumber directory, out byte[] name);
        if (error != Errno.OK) return error;
        _ = FileName.TryCreate(name, out FileName fileName);
        error = Tree.Link(Worker, inode, directory, fileName, out _);
        if (error == Errno.OK) Tree.Forget(Worker, inode, 1);
        return error;
    }

    public Errno Link(string oldPath, string newPath)
    {
        Errno error = Find(oldPath, out InodeNumber inode);
        return error == Errno.OK ? Link(inode, newPath) : error;
    }

    public Errno Unlink(string path)
    {
        Errno error = Split(path, out InodeNumber directory, out byte[] name);
        if (error != Errno.OK) return error;
        _ = FileName.TryCreate(name, out FileName fileName);
        return Tree.Unlink(Worker, directory, fileName);
    }

    public Errno RemoveDirectory(string path)
    {
        Errno error = Split(path, out InodeNumber directory, out byte[] name);
        if (error != Errno.OK) return error;
        _ = FileName.TryCreate(name, out FileName fileName);
        return Tree.RemoveDirectory(Worker, directory, fileName);
    }

    public Errno Rename(string oldPath, string newPath, RenameMode mode = RenameMode.Replace)
    {
        Errno error = Split(oldPath, out InodeNumber oldDirectory, out byte[] oldName);
        if (error != Errno.OK) return error;
        error = Split(newPath, out InodeNumber newDirectory, out byte[] newName);
        if (error != Errno.OK) return error;
        _ = FileName.TryCreate(oldName, out FileName from);
        _ = FileName.TryCreate(newName, out FileName to);
        return Tree.Rename(
            Worker, new DirectoryName(oldDirectory, from), new DirectoryName(newDirectory, to), mode, Credentials.Root);
    }

    public Errno Write(string path, ulong offset, ReadOnlySpan<byte> data)
    {
        Errno error = Find(path, out InodeNumber inode);
        return error == Errno.OK ? Tree.Write(Worker, inode, offset, data) : error;
    }

    public Errno SetSize(string path, ulong size)
    {
        Errno error = Find(path, out InodeNumber inode);
        return error == Errno.OK ? Tree.SetSize(Worker, inode, size) : error;
    }

    public Errno Allocate(string path, ulong offset, ulong length, FallocateMode mode)
    {
        Errno error = Find(path, out InodeNumber inode);
        return error == Errno.OK ? Tree.Allocate(Worker, inode, offset, length, mode) : error;
    }

    public Errno CopyRange(
        string source, ulong sourceOffset, string target, ulong targetOffset, ulong length, out ulong copied)
    {
        copied = 0;
        Errno error = Find(source, out InodeNumber from);
        if (error != Errno.OK) return error;
        error = Find(target, out InodeNumber to);
        return error == Errno.OK
            ? Tree.CopyRange(
                Worker, new FilePosition(from, sourceOffset), new FilePosition(to, targetOffset), length, out copied)
            : error;
    }

    public Errno SetXattr(string path, string name, ReadOnlySpan<byte> value, XattrSetFlags flags = XattrSetFlags.None)
    {
        Errno error = Find(path, out InodeNumber inode);
        return error == Errno.OK ? Tree.SetXattr(Worker, inode, Encoding.Latin1.GetBytes(name), value, flags) : error;
    }

    public Errno RemoveXattr(string path, string name)
    {
        Errno error = Find(path, out InodeNumber inode);
        return error == Errno.OK ? Tree.RemoveXattr(Worker, inode, Encoding.Latin1.GetBytes(name)) : error;
    }

    public Errno SetAttributes(string path, in AttributeChange change)
    {
        Errno error = Find(path, out InodeNumber inode);
        return error == Errno.OK ? Tree.SetAttributes(Worker, inode, in change, Credentials.Root, out _) : error;
    }

    /// <summary>Takes a reference to the file at a path, as an open file does.</summary>
    public InodeNumber Hold(string path)
    {
        Errno error = Split(path, out InodeNumber directory, out byte[] name);
        _ = FileName.TryCreate(name, out FileName fileName);
        InodeAttributes attributes = default;
        if (error == Errno.OK) error = Tree.Lookup(Worker, directory, fileName, out attributes);
        return error == Errno.OK ? attributes.Inode : throw new InvalidOperationException($"{path}: {error}");
    }

    public void LetGo(InodeNumber inode) => Tree.Forget(Worker, inode, 1);

    private Errno Split(string path, out InodeNumber directory, out byte[] name)
    {
        int slash = path.LastIndexOf('/');
        name = [];
        Errno error = Find(path[..Math.Max(slash, 0)], out directory);
        return error == Errno.OK ? NameOf(path[(slash + 1)..], out name) : error;
    }

    private static Errno NameOf(string name, out byte[] bytes)
    {
        bytes = Encoding.Latin1.GetBytes(name);
        return FileName.TryCreate(bytes, out _);
    }
}
