using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>
/// Makes sure that what the frame table calls present really has memory: touching it must never fail.
/// </summary>
internal static class BackingAudit
{
    /// <exception cref="ArenaException">There is not as much memory as the arena holds.</exception>
    public static void ReservePresentFrames(Backing backing, FrameTable table)
    {
        ulong present = 0;
        for (uint frame = 0; frame < table.FrameCount && table.HasDescriptor(frame); frame++)
        {
            if (table.WordOf(frame).State is not (FrameState.Free or FrameState.Used)) continue;
            present++;
            if ((ulong)frame << Layout.FrameSizeLog2 >= backing.PresentLength)
                throw new ArenaCorruptException($"Frame {frame} is said to be present, past the last segment.");
        }
        ulong needed = present << Layout.FrameSizeLog2;
        if (backing.AllocatedBytes >= needed) return;
        // A copy of an arena may have holes where the original had zeros; they are given memory before anyone touches
        // them.
        for (uint frame = 0; frame < table.FrameCount && table.HasDescriptor(frame); frame++)
        {
            if (table.WordOf(frame).State is not (FrameState.Free or FrameState.Used)) continue;
            Errno error = backing.Reserve((ulong)frame << Layout.FrameSizeLog2, Layout.FrameSizeInBytes);
            if (error != Errno.OK) throw NotEnough(backing, needed);
        }
    }

    private static ArenaException NotEnough(Backing backing, ulong needed)
    {
        ulong missing = (needed - Math.Min(needed, backing.AllocatedBytes)) >> Layout.FrameSizeLog2;
        return new ArenaException(
            ArenaFault.NoSpace,
            $"{backing.Name} ({backing.Kind.Word}) holds {needed} bytes, "
                + $"and memory for {missing} units of 2 MiB of them is missing.",
            $"{backing.Kind.ShortageAdvice}: {missing} units of 2 MiB.");
    }
}
