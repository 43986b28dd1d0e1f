using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Volumes;

/// <summary>The volume's numbers, for statfs(2) and for people.</summary>
public sealed partial class Volume
{
    /// <summary>A snapshot; takes no lock that an operation waits for.</summary>
    public VolumeStatistics GetStatistics()
    {
        FrameSupply supply = space.Allocator.Supply;
        ulong free = (ulong)space.FreeBlocks;
        ulong absent = (ulong)supply.AbsentFrames * Layout.UsableBlocksPerFrame;
        ulong unallocated = (ulong)supply.AvailableBlocks + absent;
        ulong total = (ulong)space.TotalBlocks;
        RootPage root = RootPages.Read(space.Arena);
        ReadOnlySpan<byte> uuid = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in superblock.Uuid, 1));
        return new VolumeStatistics
        {
            Uuid = new Guid(uuid, bigEndian: true),
            BackingName = backing.Name,
            BackingKind = backing.Kind,
            TotalBlocks = total,
            FreeBlocks = free,
            BytesAllocated = (total - Math.Min(unallocated, total)) * Layout.BlockSizeInBytes,
            BytesPresent = CountPresentFrames(supply) << Layout.FrameSizeLog2,
            BytesMax = total * Layout.BlockSizeInBytes,
            SizeMax = (superblock.FrameCountMax + 1 - space.Table.SystemFrameCount) << Layout.FrameSizeLog2,
            Generation = root.Generation,
            TimesOpened = root.TimesOpened,
            LastRecovery = LastRecovery,
            State = State,
        };
    }

    private ulong CountPresentFrames(FrameSupply supply)
    {
        uint present = space.Table.FrameCount - space.Table.SystemFrameCount - supply.AbsentFrames;
        for (uint frame = 0; frame < space.Table.SystemFrameCount; frame++)
        {
            if (space.Table.WordOf(frame).IsUsed(FrameType.System)) present++;
        }
        return present;
    }
}
