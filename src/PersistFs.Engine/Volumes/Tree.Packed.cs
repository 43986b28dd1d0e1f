using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>Short contents in one object: small files, targets of symbolic links.</summary>
public sealed partial class Tree
{
    /// <summary>Stores the target of a symbolic link that this transaction makes. Costs one block at worst.</summary>
    /// <param name="transaction">Has made the inode.</param>
    /// <param name="inode">Without contents so far.</param>
    /// <param name="target">1 to 4095 bytes.</param>
    private void StoreTarget(Transaction transaction, InodeNumber inode, ReadOnlySpan<byte> target)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (target.Length <= SizeClass.ObjectSizeMax)
        {
            transaction.WriteData(Repack(transaction, in record, target.Length), target);
        }
        else
        {
            transaction.WriteData(AllocateInto(transaction, MapOf(inode, in record), inode, 0), target);
            AddBlocks(transaction, in record, 1);
        }
        SetSize(transaction, in record, (ulong)target.Length);
    }

    /// <summary>The contents of a symbolic link, in the arena: valid while the inode's lock is held.</summary>
    /// <exception cref="ArenaCorruptException">They are not there, or longer than a target can be.</exception>
    private ReadOnlySpan<byte> TargetOf(InodeNumber inode, ref readonly InodeRecord record)
    {
        ContentsKind kind = KindOf(in record);
        var pointer = new ArenaPointer(record.Contents);
        if (kind == ContentsKind.Packed) _ = PackedContents.RequireSlab(space, in record);
        else pointer = MapOf(inode, in record).Find(0, 1).Pointer;
        if (pointer.IsNull || record.Size is 0 or >= Layout.BlockSizeInBytes)
            throw new ArenaCorruptException($"The symbolic link {inode} has no target.");
        return space.Arena.Bytes(pointer, (int)record.Size);
    }

    /// <summary>Bytes that the object of packed contents holds; 0 where there is none.</summary>
    private int PackedCapacity(ref readonly InodeRecord record) => KindOf(in record) == ContentsKind.Packed
        ? SizeClass.ObjectSize(PackedContents.RequireSlab(space, in record))
        : 0;

    /// <summary>Moves packed contents, or none, to a new object. Costs one block at worst.</summary>
    /// <param name="transaction">Frees the old object at its commit.</param>
    /// <param name="record">The file; bytes up to its size are as before, those behind it are anything.</param>
    /// <param name="capacity">Bytes that the object is to hold, 1 to 2048.</param>
    private ArenaPointer Repack(Transaction transaction, ref readonly InodeRecord record, int capacity)
    {
        ArenaPointer pointer = transaction.AllocateObject(SizeClass.Holding(capacity));
        if (KindOf(in record) == ContentsKind.Packed)
        {
            MoveOut(transaction, in record, pointer);
        }
        else
        {
            transaction.ZeroData(pointer, (int)record.Size);
            AddBlocks(transaction, in record, 1);
        }
        transaction.Set(in record.Contents, pointer.Value);
        ContentsWord word = new ContentsWord(record.ContentsWord).WithShape(ContentsKind.Packed);
        if (record.ContentsWord != word.Value) transaction.Set(in record.ContentsWord, word.Value);
        return pointer;
    }

    /// <summary>
    /// Turns packed contents into a map of one block, whose bytes behind the size are zero. Costs one block.
    /// </summary>
    private void Unpack(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record)
    {
        ArenaPointer pointer = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, inode, 0, 0));
        MoveOut(transaction, in record, pointer);
        transaction.ZeroData(pointer + record.Size, Layout.BlockSizeInBytes - (int)record.Size);
        transaction.Set(in record.Contents, 0UL);
        transaction.Set(
            in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(ContentsKind.None).Value);
        MapOf(inode, in record).InsertBlock(transaction, 0, pointer);
    }

    /// <summary>Copies packed contents elsewhere and frees their object.</summary>
    private void MoveOut(Transaction transaction, ref readonly InodeRecord record, ArenaPointer target)
    {
        BlockType slab = PackedContents.RequireSlab(space, in record);
        var source = new ArenaPointer(record.Contents);
        transaction.WriteData(target, space.Arena.Bytes(source, (int)record.Size));
        transaction.Free(source, slab);
    }
}
