using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Dump;

/// <summary>
/// What a worker frame keeps of requests: those in hand, those executed and not answered, those that ended servers.
/// </summary>
internal sealed class RequestDump
{
    private readonly ArenaReader image;
    private readonly DumpText text;

    public RequestDump(ArenaReader image, DumpText text)
    {
        this.image = image;
        this.text = text;
    }

    /// <param name="frame">Start of the worker frame.</param>
    /// <param name="header">Its first block.</param>
    public void Write(ArenaPointer frame, in WorkerHeader header)
    {
        uint length = image.Read<uint>(frame + WorkerHeader.RequestBufferOffset);
        if (length != 0) text.Detail($"request buffer: {length} bytes in hand");
        if (header.RequestInHand != 0)
            text.Detail($"in hand: request {header.RequestInHand} of session {header.RequestSession}");
        if (header.ForgetRequest != 0)
        {
            text.Detail(
                $"last that forgets: request {header.ForgetRequest} of session {header.ForgetSession}, "
                    + $"{header.Forgotten} inodes done");
        }
        WriteSuspects(in header);
        for (int index = 0; index < WorkerHeader.CompletionCount; index++) WriteRecord(frame, index);
        for (int index = 0; index < WorkerHeader.ListingCount; index++) WriteListing(frame, index);
    }

    private void WriteSuspects(in WorkerHeader header)
    {
        ReadOnlySpan<QuarantineEntry> suspects = header.Suspects;
        foreach (ref readonly QuarantineEntry suspect in suspects)
        {
            if (suspect.Request == 0) continue;
            text.Detail(
                $"suspect: request {suspect.Request} of session {suspect.Session}, "
                + $"{suspect.Crashes} crashes, {suspect.Kills} kills");
        }
    }

    private void WriteRecord(ArenaPointer frame, int index)
    {
        CompletionRecord record = image.Read<CompletionRecord>(ReplyCache.RecordAt(frame, index));
        if (record.State == 0) return;
        text.Detail(
            $"record {index}: {StateName(record.State)}, request {record.Request} of session {record.Session}, "
                + $"inode {record.Inode}");
    }

    private void WriteListing(ArenaPointer frame, int index)
    {
        ListingRecord listing = image.Read<ListingRecord>(ReplyCache.ListingAt(frame, index));
        if (listing.State == 0) return;
        text.Detail(
            $"listing {index}: {StateName(listing.State)}, request {listing.Request} of session {listing.Session}, "
                + $"{listing.CountedInodes} of {listing.InodeCount} inodes counted, "
                + $"{listing.ReplyLengthInBytes} bytes");
    }

    private static string StateName(ulong word)
    {
        var state = new CompletionState(word);
        if (!state.IsKnown) return $"unknown state 0x{word:x}";
        return state.IsValid ? "valid" : $"valid if the journal reaches sequence {state.Sequence}";
    }
}
