using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;

namespace PersistFs.Fuse.Dispatch;

/// <summary>What the kernel would have counted, had it taken the reply.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>Takes back lookups and handles that were given in a reply the kernel did not take.</summary>
    private void Undo(in RequestContext context, ref Reply reply)
    {
        try
        {
            UndoReply(in context, reply.Body);
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out _))
        {
            // Nobody waits to be told.
        }
    }

    private void UndoReply(in RequestContext context, ReadOnlySpan<byte> body)
    {
        switch (context.Opcode)
        {
            case Opcode.Lookup or Opcode.MakeNode or Opcode.MakeDirectory or Opcode.SymbolicLink or Opcode.Link:
                UndoLookup(in context, MemoryMarshal.Read<EntryOut>(body).NodeId);
                break;

            case Opcode.Create or Opcode.TemporaryFile:
                NodeId created = MemoryMarshal.Read<EntryOut>(body).NodeId;
                UndoOpen(context with { NodeId = created }, body[Unsafe.SizeOf<EntryOut>()..]);
                UndoLookup(in context, created);
                break;

            case Opcode.Open:
                UndoOpen(in context, body);
                break;

            case Opcode.OpenDirectory:
                ReleaseIn release = new() { Handle = MemoryMarshal.Read<OpenOut>(body).Handle };
                _ = fileSystem.ReleaseDirectory(in context, in release);
                break;

            case Opcode.ReadDirectoryPlus:
                UndoDirectory(in context, body);
                break;
        }
    }

    private void UndoOpen(in RequestContext context, ReadOnlySpan<byte> openOut)
    {
        ReleaseIn release = new() { Handle = MemoryMarshal.Read<OpenOut>(openOut).Handle };
        _ = fileSystem.Release(in context, in release);
    }

    private void UndoDirectory(in RequestContext context, ReadOnlySpan<byte> records)
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
