using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>What the worker frames of an arena keep of requests.</summary>
internal static class RecordReader
{
    /// <summary>Start of each worker frame.</summary>
    public static IEnumerable<ArenaPointer> Frames(Volume volume)
    {
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            ulong frame = volume.Space.WorkerTableEntry(slot);
            if (frame != 0) yield return ArenaPointer.OfFrame((uint)frame);
        }
    }

    /// <summary>Requests that completion records of the volume's session are of.</summary>
    public static IEnumerable<ulong> Completed(Volume volume) =>
        from frame in Frames(volume)
        from index in Enumerable.Range(0, WorkerHeader.CompletionCount)
        let record = volume.Space.Arena.At<CompletionRecord>(ReplyCache.RecordAt(frame, index))
        where record.State != 0 && record.Session == volume.DefaultTree.Session
        select record.Request;

    /// <summary>Requests that listing records of the volume's session are of.</summary>
    public static IEnumerable<ulong> Listed(Volume volume) =>
        from frame in Frames(volume)
        from index in Enumerable.Range(0, WorkerHeader.ListingCount)
        let record = volume.Space.Arena.At<ListingRecord>(ReplyCache.ListingAt(frame, index))
        where record.State != 0 && record.Session == volume.DefaultTree.Session
        select record.Request;

    /// <summary>Requests in hand.</summary>
    public static IEnumerable<ulong> InHand(Volume volume) =>
        from frame in Frames(volume)
        let request = volume.Space.Arena.At<WorkerHeader>(frame).RequestInHand
        where request != 0
        select request;

    /// <summary>Insists that nothing is kept any more.</summary>
    public static void RequireNone(Volume volume)
    {
        if (Completed(volume).Concat(Listed(volume)).Any())
        {
            throw new InvalidOperationException("A record was kept for ever.");
        }
        if (InHand(volume).Any()) throw new InvalidOperationException("A request is in hand for ever.");
    }
}
