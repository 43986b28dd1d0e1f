using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>
/// One worker's records of requests that it has executed: written with the change, dropped when the reply has left. A
/// request sent again after a kill finds its answer here instead of being executed twice (FORMAT.md, section 6).
/// </summary>
/// <remarks>
/// INVARIANT: a record counts from the commit of its transaction on, not before; and it is dropped only by
/// <see cref="End"/> or by the end of its session, never to make room.
/// </remarks>
internal sealed class ReplyCache
{
    private readonly Arena arena;
    private readonly ArenaPointer frame;
    private ulong request;
    private ulong session;
    private int nextRecord;
    private ArenaPointer written;

    public ReplyCache(Arena arena, ArenaPointer frame)
    {
        this.arena = arena;
        this.frame = frame;
    }

    /// <summary>Whether a transaction that is about to commit has written its record.</summary>
    public bool IsPending { get; private set; }

    private ref readonly WorkerHeader Header => ref arena.At<WorkerHeader>(frame);

    /// <summary>A request has been read and is about to be executed.</summary>
    public void Begin(ulong request, ulong session)
    {
        this.request = request;
        this.session = session;
        if (Header.RequestSession != session) Store.Word(ref Unsafe.AsRef(in Header.RequestSession), session);
        Store.Word(ref Unsafe.AsRef(in Header.RequestInHand), request);
    }

    /// <summary>The reply has left, or never will: the record is needed no more.</summary>
    public void End()
    {
        if (request == 0) return;
        // A request in hand without a record counts as one that may have killed its server: so the record goes last.
        Store.Word(ref Unsafe.AsRef(in Header.RequestInHand), 0UL);
        request = 0;
        if (written.IsNull) return;
        Clear(written);
        written = ArenaPointer.Null;
    }

    /// <summary>Records the request in hand as completed, should the transaction that is open commit.</summary>
    /// <param name="journal">The transaction's journal.</param>
    /// <param name="inode">The inode that it found or made, if any.</param>
    /// <param name="snapshot">That inode's record as the reply shows it.</param>
    public void Write(Journal journal, InodeNumber inode, in InodeRecord snapshot)
    {
        if (request == 0) return;
        written = FindFree();
        var record = new CompletionRecord
        {
            Session = session,
            Request = request,
            Inode = inode.Value,
            Snapshot = snapshot,
        };
        Store.BulkStructure(ref arena.Target<CompletionRecord>(written), in record);
        Store.Word(ref arena.Target<ulong>(written), CompletionState.TiedTo(journal.NextCommit).Value);
        IsPending = true;
    }

    /// <summary>The transaction has committed: the record counts, whatever the journal goes on to do.</summary>
    public void Settle()
    {
        Store.Word(ref arena.Target<ulong>(written), CompletionState.Valid.Value);
        IsPending = false;
    }

    /// <summary>Keeps a reply that lists inodes whose lookups are to be counted one by one.</summary>
    /// <returns>False when all records of the kind are in use; the reply then must count nothing.</returns>
    public bool TryWriteListing(ReadOnlySpan<ulong> inodes, ReadOnlySpan<byte> reply, out ArenaPointer listing)
    {
        listing = ArenaPointer.Null;
        for (int index = 0; index < WorkerHeader.ListingCount; index++)
        {
            ArenaPointer candidate = ListingAt(frame, index);
            ref readonly ListingRecord record = ref arena.At<ListingRecord>(candidate);
            if (record.State != 0 && record.Session == session) continue;
            listing = candidate;
            break;
        }
        if (listing.IsNull) return false;
        // Of another session's listing the state still says that it counts.
        Clear(listing);
        Store.Bulk(arena.TargetBytes(listing + ListingRecord.ReplyOffset, reply.Length), reply);
        var header = new ListingRecord
        {
            Session = session,
            Request = request,
            InodeCount = (uint)inodes.Length,
            ReplyLengthInBytes = (uint)reply.Length,
        };
        inodes.CopyTo(header.Inodes);
        Store.BulkStructure(ref arena.Target<ListingRecord>(listing), in header);
        Store.Word(ref arena.Target<ulong>(listing), CompletionState.Valid.Value);
        written = listing;
        return true;
    }

    /// <summary>
    /// Decides about records whose transaction was under way when the last server died. For recovery, journals being
    /// idle.
    /// </summary>
    public static void Resolve(Arena arena, Journal journal)
    {
        for (int index = 0; index < WorkerHeader.CompletionCount; index++)
        {
            ArenaPointer pointer = RecordAt(journal.Start, index);
            var state = new CompletionState(arena.At<ulong>(pointer));
            if (!state.IsTied) continue;
            CompletionState resolved = state.Sequence == journal.Sequence
                ? CompletionState.Valid
                : CompletionState.Empty;
            Store.Word(ref arena.Target<ulong>(pointer), resolved.Value);
        }
    }

    /// <summary>Frees a record of either kind.</summary>
    public static void Clear(Arena arena, ArenaPointer record) => Store.Word(ref arena.Target<ulong>(record), 0UL);

    public static ArenaPointer RecordAt(ArenaPointer frame, int index) =>
        frame + WorkerHeader.CompletionsOffset + (ulong)index * CompletionRecord.SizeInBytes;

    public static ArenaPointer ListingAt(ArenaPointer frame, int index) =>
        frame + WorkerHeader.ListingsOffset + (ulong)index * ListingRecord.SizeInBytes;

    private void Clear(ArenaPointer record) => Clear(arena, record);

    private ArenaPointer FindFree()
    {
        for (int tried = 0; tried < WorkerHeader.CompletionCount; tried++)
        {
            ArenaPointer pointer = RecordAt(frame, nextRecord);
            ref readonly CompletionRecord record = ref arena.At<CompletionRecord>(pointer);
            if (record.State == 0 || record.Session != session)
            {
                // Of another session's record the state may still say that it counts.
                if (record.State != 0) Clear(pointer);
                return pointer;
            }
            nextRecord = (nextRecord + 1) % WorkerHeader.CompletionCount;
        }
        throw new ArenaCorruptException(
                $"A worker has {WorkerHeader.CompletionCount} requests that were never answered.");
    }
}
