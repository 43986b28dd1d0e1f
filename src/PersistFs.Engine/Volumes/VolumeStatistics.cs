using PersistFs.Engine.Arenas;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>A volume's numbers at one moment; taken without a lock, so they need not belong to one instant.</summary>
public readonly record struct VolumeStatistics
{
    /// <summary>Bytes of a block, as f_bsize of statfs(2) has it.</summary>
    public const int BlockSizeInBytes = Format.Layout.BlockSizeInBytes;

    /// <summary>Longest name of a file in bytes.</summary>
    public const int NameLengthMax = Linux.FileName.LengthMax;

    /// <summary>The arena's identity, its bytes in the order in which they lie in the superblock.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>The backing as the operator named it.</summary>
    public required string BackingName { get; init; }

    /// <summary>Kind of the backing.</summary>
    public required BackingKind BackingKind { get; init; }

    /// <summary>Blocks of the arena when it is grown to its most.</summary>
    public required ulong TotalBlocks { get; init; }

    /// <summary>Blocks that callers can still fill; the reserve for acknowledged data is left out.</summary>
    public required ulong FreeBlocks { get; init; }

    /// <summary>Bytes of blocks that hold contents or structures.</summary>
    public required ulong BytesAllocated { get; init; }

    /// <summary>Bytes of memory behind the arena: all frames that are present, free ones too.</summary>
    public required ulong BytesPresent { get; init; }

    /// <summary>Bytes of blocks when the arena is grown to its most.</summary>
    public required ulong BytesMax { get; init; }

    /// <summary>The size the arena was formatted with, rounded up to 2 MiB: what it may take in all.</summary>
    public required ulong SizeMax { get; init; }

    /// <summary>Generation of the root page in force.</summary>
    public required ulong Generation { get; init; }

    public required ulong TimesOpened { get; init; }

    public required RecoveryReport LastRecovery { get; init; }

    public required VolumeState State { get; init; }
}
