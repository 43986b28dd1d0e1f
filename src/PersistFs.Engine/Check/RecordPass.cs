using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Check;

/// <summary>
/// What one worker frame keeps of requests: what cannot have been written, of whatever session it is.
/// </summary>
internal sealed class RecordPass
{
    private readonly CheckContext context;
    private readonly int slot;
    private readonly ArenaPointer frame;

    public RecordPass(CheckContext context, int slot, ArenaPointer frame)
    {
        this.context = context;
        this.slot = slot;
        this.frame = frame;
    }

    public void Run()
    {
        ref readonly WorkerHeader header = ref context.Arena.At<WorkerHeader>(frame);
        if (header.RequestInHand != 0)
        {
            RequireSession(in header.RequestInHand, header.RequestSession, "the request in hand");
        }
        if (header.ForgetRequest != 0)
        {
            RequireSession(in header.ForgetRequest, header.ForgetSession, "the request that forgets");
        }
        for (int index = 0; index < WorkerHeader.SuspectCount; index++)
        {
            ref readonly QuarantineEntry suspect = ref header.Suspects[index];
            if (suspect.Request == 0) continue;
            bool hasSession = RequireSession(in suspect.Request, suspect.Session, "a suspect");
            if (hasSession && suspect is { Crashes: 0, Kills: 0 })
                Report(in suspect.Request, "a suspect was in hand at no death");
        }
        for (int index = 0; index < WorkerHeader.CompletionCount; index++)
            CheckRecord(in context.Arena.At<CompletionRecord>(ReplyCache.RecordAt(frame, index)));
        for (int index = 0; index < WorkerHeader.ListingCount; index++)
            CheckListing(in context.Arena.At<ListingRecord>(ReplyCache.ListingAt(frame, index)));
    }

    private void CheckRecord(ref readonly CompletionRecord record)
    {
        if (record.State == 0 || !RequireValid(in record.State, record.Session, record.Request, "a record")) return;
        if (record.Inode >> InodeNumber.Bits != 0) Report(in record.State, $"a record names inode {record.Inode}");
    }

    private void CheckListing(ref readonly ListingRecord listing)
    {
        if (listing.State == 0 || !RequireValid(in listing.State, listing.Session, listing.Request, "a listing"))
        {
            return;
        }
        bool fits = listing.InodeCount <= ListingRecord.InodeCountMax
            && listing.ReplyLengthInBytes <= ListingRecord.ReplyLengthMax
            && listing.CountedInodes <= listing.InodeCount;
        if (fits) return;
        Report(in listing.State, $"a listing has counted {listing.CountedInodes} of {listing.InodeCount} inodes in "
            + $"{listing.ReplyLengthInBytes} bytes");
    }

    private bool RequireValid(ref readonly ulong state, ulong session, ulong request, string what)
    {
        if (!new CompletionState(state).IsValid)
        {
            Report(in state, $"{what} is in state 0x{state:x}, which none is in when nothing is under way");
            return false;
        }
        if (!RequireSession(in state, session, what)) return false;
        if (request == 0) Report(in state, $"{what} is of no request");
        return request != 0;
    }

    private bool RequireSession(ref readonly ulong word, ulong session, string what)
    {
        bool isSession = session is not 0 and <= Layout.SessionMax;
        if (!isSession) Report(in word, $"{what} is of session {session}");
        return isSession;
    }

    /// <param name="word">The word that says whether there is anything.</param>
    /// <param name="what">What is wrong.</param>
    private void Report(ref readonly ulong word, string what)
    {
        ArenaPointer place = context.Arena.PointerTo(in word);
        context.Findings.Add(
            FindingKind.Request, place, $"Of worker {slot}, {what}.", HeaderRepairs.DropRequest(place, slot));
    }
}
