using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>Repairs of names.</summary>
internal static class DirectoryRepairs
{
    /// <summary>Removes a name that leads to nothing.</summary>
    public static Repair RemoveDangling(InodeNumber directory, byte[] name) => new(RepairStage.Name, context =>
    {
        if (!TryFind(context, directory, name, out DirectorySlot slot) || context.Inodes.Exists(slot.Inode))
        {
            return null;
        }
        Remove(context, directory, in slot);
        return $"Inode {directory}: the name {NameText.Of(name)}, which led to no inode, is removed.";
    });

    /// <summary>Lets a name say of what type its inode is.</summary>
    public static Repair SetType(InodeNumber directory, byte[] name) => new(RepairStage.Name, context =>
    {
        if (!TryFind(context, directory, name, out DirectorySlot slot) || !context.Inodes.Exists(slot.Inode))
        {
            return null;
        }
        byte type = ModeBits.ToDirectoryEntryType(context.Inodes.At(slot.Inode).Mode);
        using Transaction transaction = context.Worker.Begin();
        context.Names.SetTarget(transaction, in slot, name.Length, slot.Inode, type);
        transaction.Commit();
        return $"Inode {directory}: the name {NameText.Of(name)} has type {type} now.";
    });

    /// <summary>
    /// A directory is held by another directory than the one it names as its parent: it stays where its last name is.
    /// </summary>
    public static Repair SetParent(InodeNumber directory, byte[] name) => new(RepairStage.Link, context =>
    {
        if (!TryFind(context, directory, name, out DirectorySlot slot) || !context.Inodes.Exists(slot.Inode))
        {
            return null;
        }
        if (context.IsRoot(slot.Inode) || context.NamesLeft(slot.Inode) > 1)
        {
            Remove(context, directory, in slot);
            return $"Inode {directory}: the name {NameText.Of(name)} of directory {slot.Inode}, which has its place "
                + $"elsewhere, is removed.";
        }
        using Transaction transaction = context.Worker.Begin();
        transaction.Set(in context.Inodes.At(slot.Inode).Parent, directory.Value);
        transaction.Commit();
        return $"Inode {slot.Inode}: its parent is {directory} now.";
    });

    /// <summary>
    /// Writes a directory anew from the entries that can be read, and lets it have the new one by one store.
    /// </summary>
    public static Repair Rebuild(InodeNumber directory) => new(RepairStage.Directory, context =>
    {
        if (context.GivenUp.Contains(directory) || !context.IsFirst(nameof(Rebuild), directory.Value)) return null;
        if (!context.Inodes.Exists(directory)) return null;
        var rebuild = new DirectoryRebuild(context, directory);
        bool isDone = rebuild.TryRun(out ulong names);
        if (isDone) return $"Inode {directory}: its directory is written anew with {names} names.";
        context.GivenUp.Add(directory);
        return null;
    });

    /// <summary>Removes a name in a transaction of its own.</summary>
    public static void Remove(RepairContext context, InodeNumber directory, in DirectorySlot slot)
    {
        using Transaction transaction = context.Worker.Begin();
        context.Names.Remove(transaction, directory, in context.Inodes.At(directory), in slot);
        transaction.Commit();
        context.NoteNameRemoved(slot.Inode);
    }

    public static bool TryFind(RepairContext context, InodeNumber directory, byte[] name, out DirectorySlot slot)
    {
        slot = default;
        if (!context.Inodes.Exists(directory) || FileName.TryCreate(name, out _) != Errno.OK) return false;
        ref readonly InodeRecord record = ref context.Inodes.At(directory);
        return ModeBits.IsDirectory(record.Mode) && context.Names.TryFind(directory, in record, name, out slot);
    }
}
