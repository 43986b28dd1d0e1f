using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>
/// Requests executed exactly once: records of what was done, kept until the reply has left, and what the last server
/// left of them. A request is whatever a session numbers; 0 is none.
/// </summary>
public sealed partial class Tree
{
    /// <summary>
    /// Records of the last server, by request: until their replies have left or they are known not to be asked for.
    /// </summary>
    private readonly Dictionary<ulong, ArenaPointer> inherited = [];

    /// <summary>A request has been read: what its transaction changes is recorded under this number.</summary>
    public void BeginRequest(Worker worker, ulong request) => worker.ReplyCache.Begin(request, Session);

    /// <summary>The request's reply has left, or never will.</summary>
    public void EndRequest(Worker worker) => worker.ReplyCache.End();

    /// <summary>
    /// Whether a request that is sent again was executed by a server before; then <paramref name="attributes"/> is
    /// what it found or made.
    /// </summary>
    /// <exception cref="ArenaCorruptException">
    /// The kernel cannot have let go of the inode yet, and it does not exist.
    /// </exception>
    public bool TryRecall(ulong request, out InodeAttributes attributes)
    {
        attributes = default;
        if (!inherited.TryGetValue(request, out ArenaPointer pointer) || IsListing(pointer)) return false;
        ref readonly CompletionRecord record = ref space.Arena.At<CompletionRecord>(pointer);
        if (record.Inode == 0) return true;
        var inode = new InodeNumber(record.Inode);
        if (!inodes.Exists(inode))
        {
            throw new ArenaCorruptException($"Request {request} found or made inode {inode}, which does not exist.");
        }
        attributes = new InodeAttributes(inode, in record.Snapshot);
        return true;
    }

    /// <summary>
    /// Whether a listing that is asked for again was made by a server before; then <paramref name="reply"/> is what
    /// it was to answer.
    /// </summary>
    public bool TryRecallListing(ulong request, out ReadOnlySpan<byte> reply)
    {
        reply = default;
        if (!inherited.TryGetValue(request, out ArenaPointer pointer) || !IsListing(pointer)) return false;
        int length = (int)space.Arena.At<ListingRecord>(pointer).ReplyLengthInBytes;
        reply = space.Arena.Bytes(pointer + ListingRecord.ReplyOffset, length);
        return true;
    }

    /// <summary>
    /// Whether a request was not executed and too many servers have died with it in hand
    /// (<see cref="CrashCounts.AreTooMany"/>).
    /// </summary>
    public bool IsGivenUp(ulong request) => !inherited.ContainsKey(request) && DeathsOf(request).AreTooMany;

    /// <summary>How often a request was in hand, not executed, when a server died.</summary>
    public CrashCounts DeathsOf(ulong request)
    {
        CrashCounts deaths = default;
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            if (space.WorkerTableEntry(slot) == 0) continue;
            foreach (ref readonly QuarantineEntry entry in (ReadOnlySpan<QuarantineEntry>)HeaderOf(slot).Suspects)
            {
                if (entry.Request == request && entry.Session == Session) deaths = deaths.Or(CountsOf(in entry));
            }
        }
        return deaths;
    }

    /// <summary>A request sent again has been answered; what was kept for it is dropped.</summary>
    public void ForgetCompletion(ulong request)
    {
        if (inherited.Remove(request, out ArenaPointer pointer)) ReplyCache.Clear(space.Arena, pointer);
    }

    /// <summary>No request will be sent again any more: records that are left are of replies that had left.</summary>
    public void ForgetCompletions()
    {
        foreach (ArenaPointer pointer in inherited.Values) ReplyCache.Clear(space.Arena, pointer);
        inherited.Clear();
    }

    /// <summary>
    /// Keeps the reply that lists what <paramref name="worker"/> has named, and counts a lookup of each inode in it.
    /// </summary>
    /// <param name="worker">The worker of the reader that listed, still open.</param>
    /// <param name="reply">The reply, at most <see cref="ListingBytesMax"/> bytes.</param>
    /// <returns>False when no record is free: the reply must not leave with inodes in it.</returns>
    public bool TryCountListing(Worker worker, ReadOnlySpan<byte> reply)
    {
        ReadOnlySpan<ulong> inodeNumbers = worker.ListedInodes.AsSpan(0, worker.ListedInodeCount);
        // Where nothing is counted, the listing may as well be made again.
        if (inodeNumbers.IsEmpty) return true;
        if (!worker.ReplyCache.TryWriteListing(inodeNumbers, reply, out ArenaPointer listing)) return false;
        ref readonly ListingRecord record = ref space.Arena.At<ListingRecord>(listing);
        for (int index = 0; index < inodeNumbers.Length; index++)
        {
            using Transaction transaction = worker.Begin();
            AddLookup(transaction, new InodeNumber(inodeNumbers[index]),
                in inodes.At(new InodeNumber(inodeNumbers[index])));
            transaction.Set(in record.CountedInodes, (ulong)index + 1);
            transaction.Commit();
        }
        return true;
    }

    /// <summary>The longest reply that can be kept.</summary>
    public const int ListingBytesMax = ListingRecord.ReplyLengthMax;

    private bool IsListing(ArenaPointer pointer) =>
        pointer.Value % Layout.FrameSizeInBytes >= WorkerHeader.ListingsOffset;

    /// <summary>Whether all that the reply names has been counted, so that it may have left.</summary>
    private static bool IsWhole(in ListingRecord listing)
    {
        if (listing.InodeCount > ListingRecord.InodeCountMax
            || listing.ReplyLengthInBytes > ListingRecord.ReplyLengthMax
            || listing.CountedInodes > listing.InodeCount)
            throw new ArenaCorruptException("A listing has more inodes or bytes than there is room for.");
        return listing.CountedInodes == listing.InodeCount;
    }

    /// <summary>Takes back what was counted for a reply that cannot have left.</summary>
    private void TakeBack(Worker worker, ArenaPointer pointer)
    {
        ref readonly ListingRecord listing = ref space.Arena.At<ListingRecord>(pointer);
        while (listing.CountedInodes > 0)
        {
            var inode = new InodeNumber(listing.Inodes[(int)listing.CountedInodes - 1]);
            using Transaction transaction = worker.Begin();
            if (inodes.Exists(inode)) DropLookups(transaction, inode, in inodes.At(inode), 1);
            transaction.Set(in listing.CountedInodes, listing.CountedInodes - 1);
            transaction.Commit();
        }
        ReplyCache.Clear(space.Arena, pointer);
    }

    /// <summary>
    /// Counts a death against the request that a dead worker had in hand, unless it had been executed.
    /// </summary>
    /// <param name="header">What the worker has left.</param>
    /// <param name="wasKilled">Whether the death came from outside; asked only where it matters.</param>
    private void Suspect(in WorkerHeader header, Lazy<bool> wasKilled)
    {
        if (IsOfAnotherTree(header.RequestSession)) return;
        ulong request = header.RequestInHand;
        bool isSuspect = request != 0 && header.RequestSession == Session && !inherited.ContainsKey(request);
        CrashCounts deaths = isSuspect ? DeathsOf(request).With(isKill: wasKilled.Value) : default;
        Store.Word(ref Unsafe.AsRef(in header.RequestInHand), 0UL);
        if (!isSuspect) return;
        ref readonly QuarantineEntry entry = ref FindEntryFor(in header, request);
        Store.Word(ref Unsafe.AsRef(in entry.Request), 0UL);
        Store.Word(ref Unsafe.AsRef(in entry.Session), Session);
        Store.Word(ref Unsafe.AsRef(in entry.Crashes), (ushort)deaths.Crashes);
        Store.Word(ref Unsafe.AsRef(in entry.Kills), (ushort)deaths.Kills);
        Store.Word(ref Unsafe.AsRef(in entry.Request), request);
    }

    /// <summary>The entry of a request, else a free one, else the one that has the fewest deaths.</summary>
    private ref readonly QuarantineEntry FindEntryFor(ref readonly WorkerHeader header, ulong request)
    {
        ReadOnlySpan<QuarantineEntry> entries = header.Suspects;
        int best = 0;
        for (int index = 0; index < entries.Length; index++)
        {
            bool isOfThis = entries[index].Session == Session;
            if (entries[index].Request == request && isOfThis) return ref header.Suspects[index];
            bool isFree = entries[index].Request == 0 || (!isOfThis && !IsOfAnotherTree(entries[index].Session));
            bool isBestFree = entries[best].Request == 0
                || (entries[best].Session != Session && !IsOfAnotherTree(entries[best].Session));
            bool isLess = isFree || CountsOf(in entries[index]).IsLessThan(CountsOf(in entries[best]));
            if (!isBestFree && isLess) best = index;
        }
        return ref header.Suspects[best];
    }

    private static CrashCounts CountsOf(in QuarantineEntry entry) => new(entry.Crashes, entry.Kills);
}
