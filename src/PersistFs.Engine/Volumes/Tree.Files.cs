using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Which files the kernel knows.</summary>
public sealed partial class Tree
{
    /// <summary>The most files that one call of <see cref="ListFilesInUse"/> finds: those of one frame.</summary>
    public const int FilesInUseMax = Layout.UsableBlocksPerFrame * (Layout.BlockSizeInBytes / InodeRecord.SizeInBytes);

    /// <summary>
    /// Finds regular files with a name that the kernel has looked up in this session and not forgotten: only of them
    /// can it have pages that were not brought here yet. A file that comes into use meanwhile may be left out.
    /// </summary>
    /// <param name="worker">A worker of the calling thread.</param>
    /// <param name="cursor">0 at first; moved on here.</param>
    /// <param name="found">Room for <see cref="FilesInUseMax"/> files.</param>
    /// <param name="count">Files found.</param>
    /// <returns>False when all have been found.</returns>
    public bool ListFilesInUse(Worker worker, ref uint cursor, Span<FileReference> found, out int count)
    {
        count = 0;
        uint frame = Math.Max(cursor, space.Table.SystemFrameCount);
        for (; frame < space.Table.FrameCount && count == 0; frame++)
        {
            worker.Enter();
            if (space.Table.WordOf(frame).IsUsed(FrameType.Blocks)) count = ListFilesInUse(frame, found);
            worker.Leave();
        }
        cursor = frame;
        return count > 0;
    }

    private int ListFilesInUse(uint frame, Span<FileReference> found)
    {
        int count = 0;
        for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
        {
            if (!space.Table.IsBlockAllocated(frame, block)) continue;
            if (space.Table.BlockAt(frame, block).Type != BlockType.InodeSlab) continue;
            ArenaPointer start = ArenaPointer.OfFrame(frame) + (ulong)block * Layout.BlockSizeInBytes;
            for (int index = 0; index < SizeClass.ObjectsPerSlab(BlockType.InodeSlab); index++)
            {
                ArenaPointer pointer = start + (ulong)(index * InodeRecord.SizeInBytes);
                if (!space.Table.IsObject(pointer, BlockType.InodeSlab)) continue;
                ref readonly InodeRecord record = ref space.Arena.At<InodeRecord>(pointer);
                bool isInUse = ModeBits.IsRegular(record.Mode) && record.LinkCount > 0
                    && new LookupWord(record.LookupWord).CountIn(Session) != 0;
                if (isInUse) found[count++] = new FileReference(InodeNumber.FromRecord(pointer), record.Generation);
            }
        }
        return count;
    }
}
