using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;

namespace PersistFs.Fuse.Dispatch;

/// <summary>After a reply: what it counts, and what is undone when the kernel did not take it.</summary>
internal sealed partial class Dispatcher
{
    private void Settle(
        RequestThread thread, in RequestContext context, ReplyShape shape, ref Reply reply, bool isDelivered)
    {
        if (shape == ReplyShape.Segments)
        {
            thread.Counters.CountBytesRead(reply.Segments.LengthInBytes);
            fileSystem.ReadDone(in context);
        }
        else if (shape == ReplyShape.Written)
        {
            thread.Counters.CountBytesWritten(MemoryMarshal.Read<WriteOut>(reply.Body).SizeInBytes);
        }
        if (!isDelivered) Undo(in context, shape, ref reply);
    }

    /// <summary>Takes back lookups and handles that were given in a reply the kernel did not take.</summary>
    private void Undo(in RequestContext context, ReplyShape shape, ref Reply reply)
    {
        try
        {
            UndoReply(in context, shape, reply.Body);
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out _))
        {
            // There is no reply that could say it.
        }
    }

    private void UndoReply(in RequestContext context, ReplyShape shape, ReadOnlySpan<byte> body)
    {
        switch (shape)
        {
            case ReplyShape.Entry:
                UndoLookup(in context, MemoryMarshal.Read<EntryOut>(body).NodeId);
                break;

            case ReplyShape.EntryAndOpen:
                NodeId created = MemoryMarshal.Read<EntryOut>(body).NodeId;
                UndoOpen(context with { NodeId = created }, body[Unsafe.SizeOf<EntryOut>()..]);
                UndoLookup(in context, created);
                break;

            case ReplyShape.Open:
                UndoOpen(in context, body);
                break;

            case ReplyShape.OpenDirectory:
                ReleaseIn release = new() { Handle = MemoryMarshal.Read<OpenOut>(body).Handle };
                _ = fileSystem.ReleaseDirectory(in context, in release);
                break;

            case ReplyShape.Listing:
                UndoListing(in context, body);
                break;
        }
    }

    private void UndoOpen(in RequestContext context, ReadOnlySpan<byte> openOut)
    {
        ReleaseIn release = new() { Handle = MemoryMarshal.Read<OpenOut>(openOut).Handle };
        _ = fileSystem.Release(in context, in release);
    }

    private void UndoListing(in RequestContext context, ReadOnlySpan<byte> records)
    {
        while (!records.IsEmpty)
        {
            UndoLookup(in context, MemoryMarshal.Read<EntryOut>(records).NodeId);
            ReadOnlySpan<byte> entry = records[Unsafe.SizeOf<EntryOut>()..];
            int nameLength = (int)MemoryMarshal.Read<DirectoryEntry>(entry).NameLength;
            records = records[DirectoryWriter.RecordLength(isPlus: true, nameLength)..];
        }
    }

    private void UndoLookup(in RequestContext context, NodeId nodeId)
    {
        if (nodeId == NodeId.None) return;
        ForgetOne one = new() { NodeId = nodeId, LookupCount = 1 };
        fileSystem.Forget(in context, new ReadOnlySpan<ForgetOne>(in one));
    }
}
