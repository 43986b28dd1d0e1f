using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>From inode number to inode record, and inodes made and freed.</summary>
internal sealed class InodeTable
{
    private readonly Space space;

    public InodeTable(Space space) => this.space = space;

    /// <summary>Whether the number names an inode that is in use; any number may be asked.</summary>
    public bool Exists(InodeNumber inode)
    {
        if (inode.Value >> InodeNumber.Bits != 0) return false;
        ArenaPointer record = inode.Record;
        return space.Table.IsObject(record, BlockType.InodeSlab) && space.Arena.At<InodeRecord>(record).Mode != 0;
    }

    /// <summary>The record of an inode that the arena itself names.</summary>
    /// <exception cref="ArenaCorruptException">There is none.</exception>
    public ref readonly InodeRecord At(InodeNumber inode)
    {
        if (!Exists(inode)) ThrowNoInode(inode);
        return ref space.Arena.At<InodeRecord>(inode.Record);
    }

    /// <summary>Allocates and writes a new inode. Costs one block at worst.</summary>
    public InodeNumber Create(Transaction transaction, in InodeRecord content)
    {
        ArenaPointer pointer = transaction.AllocateObject(BlockType.InodeSlab);
        transaction.WriteFresh(pointer, in content);
        transaction.CountInodes(new ContentsWord(content.ContentsWord).Instance, 1);
        return InodeNumber.FromRecord(pointer);
    }

    /// <summary>Frees the record. Its contents and attributes are freed already.</summary>
    public void Free(Transaction transaction, InodeNumber inode)
    {
        transaction.CountInodes(new ContentsWord(At(inode).ContentsWord).Instance, -1);
        transaction.Free(inode.Record, BlockType.InodeSlab);
    }

    private static void ThrowNoInode(InodeNumber inode) =>
        throw new ArenaCorruptException($"Inode {inode} is named somewhere and does not exist.");
}
