using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>Each request executed once, whichever server reads it, and however often the kernel sends it.</summary>
/// <remarks>
/// What cannot be repeated is recorded by the volume with the change, under the request's number, and answered from
/// there when the kernel sends it again. The rest (GETATTR, READ, READDIR, STATFS, and WRITE, SETATTR, FALLOCATE,
/// COPY_FILE_RANGE, IOCTL, which say where and what) does the same when repeated: until it is answered, the caller
/// holds the inode against other changes.
/// </remarks>
internal sealed partial class TreeFileSystem
{
    private readonly int workerCount;
    private long replayed;
    private long recalled;
    private long givenUp;

    /// <summary>Requests that the kernel has sent again since this server began.</summary>
    public long Replayed => Interlocked.Read(ref replayed);

    /// <summary>Those among <see cref="Replayed"/> that an earlier server had executed.</summary>
    public long AnsweredFromRecords => Interlocked.Read(ref recalled);

    /// <summary>
    /// Requests that have ended too many servers: those with a reply were answered with EIO, the others left undone.
    /// </summary>
    public long GivenUp => Interlocked.Read(ref givenUp);

    /// <summary>
    /// Requests without a reply that the last server may not have finished, for <see cref="Fuse.Session.TakeOver"/>.
    /// </summary>
    public IReadOnlyList<RequestInHand> RequestsInHand()
    {
        IReadOnlyList<Worker> others = volume.AttachWorkersInHand();
        workers = [.. workers, .. others];
        var found = new RequestInHand[workers.Length];
        for (int index = 0; index < workers.Length; index++)
        {
            Worker worker = workers[index];
            found[index] = new RequestInHand(
                index, new IoVector(worker.RequestBuffer, (nuint)worker.RequestBufferSizeInBytes));
            DropQuarantined(found[index].Memory.AsSpan());
        }
        return found;
    }

    /// <summary>
    /// A FORGET that has ended too many servers is left undone: its inodes stay counted until the session ends, which
    /// costs room at worst. A request with a reply is refused when the kernel sends it again.
    /// </summary>
    private void DropQuarantined(Span<byte> memory)
    {
        InHeader header = MemoryMarshal.Read<InHeader>(memory);
        if (header.LengthInBytes == 0 || Opcodes.TraitsOf(header.Opcode).HasReply) return;
        if (!tree.IsGivenUp(header.Unique)) return;
        LogQuarantined(header.Opcode, header.Unique);
        MemoryMarshal.Write(memory, 0);
    }

    /// <inheritdoc/>
    public Errno Admit(in RequestContext context)
    {
        if (context.IsResent)
        {
            Interlocked.Increment(ref replayed);
            if (tree.IsGivenUp(context.Unique))
            {
                LogQuarantined(context.Opcode, context.Unique);
                return Errno.EIO;
            }
        }
        tree.BeginRequest(WorkerOf(in context), context.Unique);
        return Errno.OK;
    }

    /// <inheritdoc/>
    public void Completed(in RequestContext context, bool isDelivered)
    {
        tree.EndRequest(WorkerOf(in context));
        if (context.IsResent) tree.ForgetCompletion(context.Unique);
    }

    /// <inheritdoc/>
    public void ReplayEnded()
    {
        tree.ForgetCompletions();
        for (int index = workerCount; index < workers.Length; index++) volume.DetachWorker(workers[index]);
        workers = workers[..workerCount];
        LogReplayed(Replayed, AnsweredFromRecords);
    }

    /// <inheritdoc/>
    public bool TryRecall(in RequestContext context, ref EntryOut entry)
    {
        if (!tree.TryRecall(context.Unique, out InodeAttributes attributes)) return false;
        Fill(ref entry, in attributes);
        CountRecalled();
        return true;
    }

    private void LogQuarantined(Opcode operation, ulong request)
    {
        Interlocked.Increment(ref givenUp);
        CrashCounts deaths = tree.DeathsOf(request);
        LogRefused(operation, request, deaths.Crashes, deaths.Kills);
    }

    private void CountRecalled() => Interlocked.Increment(ref recalled);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error,
        Message = "{Operation} (request {Request}) was in hand when {Crashes} servers crashed and {Kills} were killed, "
            + "and is refused from now on: its caller gets EIO")]
    private partial void LogRefused(Opcode operation, ulong request, int crashes, int kills);

    [LoggerMessage(EventId = 22, Level = LogLevel.Information,
        Message = "{Replayed} requests were sent again, {Recalled} of them answered from records")]
    private partial void LogReplayed(long replayed, long recalled);
}
