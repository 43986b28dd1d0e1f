using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Volumes;

/// <summary>What the arena says of itself to a server that finds it after a boot.</summary>
public sealed partial class Volume
{
    /// <summary>The most bytes of <see cref="StoreMountRecord"/>.</summary>
    public const int MountRecordLengthMax = Manifest.ValueLengthMax;

    /// <summary>
    /// Keeps in the arena where and how it is mounted, for <see cref="ArenaSummary.MountRecord"/>. Not while others do.
    /// </summary>
    /// <param name="record">
    /// At most <see cref="MountRecordLengthMax"/> bytes, of a meaning that is the server's.
    /// </param>
    public void StoreMountRecord(ReadOnlySpan<byte> record)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, MountRecordLengthMax, nameof(record));
        if (State != VolumeState.ReadOnly) Manifest.Write(space.Arena, ManifestEntry.TypeMount, record);
    }
}
