using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>
/// The session: one connection to the kernel, which may be served by many processes, one after the other.
/// </summary>
public sealed partial class Tree
{
    /// <summary>Bytes in which a server keeps what it has agreed on with the kernel.</summary>
    public const int SessionTermsLength = InstanceRecord.TermsLength;

    /// <summary>Number of the session in which lookup counts are kept.</summary>
    public uint Session { get; private set; }

    /// <summary>
    /// Begins a session: a new connection, in which nobody holds a reference to any inode and nothing was ever asked.
    /// </summary>
    public void BeginSession()
    {
        RootPage root = RootPages.Read(space.Arena);
        root.SessionLast = root.SessionLast >= Layout.SessionMax ? 1 : root.SessionLast + 1;
        RootPages.Write(space.Arena, root);
        // The connection goes first: terms and take-overs of another session must not be taken for this one's.
        Store.Word(ref Unsafe.AsRef(in Instance.Connection), 0UL);
        StoreTerms(default);
        Store.Word(ref Unsafe.AsRef(in Instance.TakeOvers), 0UL);
        DropRequestsInHand();
        Store.Word(ref Unsafe.AsRef(in Instance.Session), root.SessionLast);
        Session = (uint)root.SessionLast;
        // Of another session, whose numbers this one uses again.
        inherited.Clear();
    }

    /// <summary>
    /// Goes on with the session that another process has left: its lookup counts hold, and so do its records of
    /// requests that the kernel may send again. Listings that were never delivered are counted no more.
    /// </summary>
    /// <remarks>
    /// Before any worker is attached. Where what was left cannot be, the volume is read-only from then on: clients that
    /// wait on the connection are better served with what there is than with nothing.
    /// </remarks>
    /// <param name="wasKilled">
    /// Says whether the last process was ended from outside, so that no request need have done it. Called once at most,
    /// and only where it had one in hand that was not executed; null counts every death as a crash.
    /// </param>
    public void ResumeSession(Func<bool>? wasKilled = null)
    {
        if (volume.HasWorkers) throw new InvalidOperationException("A session is resumed before workers are attached.");
        Session = (uint)(Instance.Session & Layout.SessionMax);
        Store.Word(ref Unsafe.AsRef(in Instance.TakeOvers), Instance.TakeOvers + 1);
        try
        {
            if (Instance.Session is 0 or > Layout.SessionMax)
                throw new ArenaCorruptException($"There can be no session {Instance.Session}.");
            var isKill = new Lazy<bool>(wasKilled ?? (() => false));
            // All records first: whether a request was executed may be told by another slot than the one that had it
            // in hand.
            for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
            {
                if (space.WorkerTableEntry(slot) != 0) Inherit(slot);
            }
            for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
            {
                if (space.WorkerTableEntry(slot) != 0) Suspect(in HeaderOf(slot), isKill);
            }
        }
        catch (ArenaCorruptException exception)
        {
            volume.TurnReadOnly(exception.Message);
        }
    }

    /// <summary>What the arena says of its session.</summary>
    public SessionState ReadSession() => new(
        (uint)Instance.Session, Instance.TakeOvers, BootIdOf(in Instance), Instance.Connection, HasTerms);

    /// <summary>Notes which connection the session has begun on.</summary>
    /// <param name="bootId">The kernel, see <see cref="SessionState.BootId"/>.</param>
    /// <param name="connection">The connection, not 0.</param>
    public void StoreConnection(Guid bootId, ulong connection)
    {
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<UInt128>()];
        bootId.TryWriteBytes(bytes);
        Store.BulkStructure(ref Unsafe.AsRef(in Instance.BootId), Unsafe.ReadUnaligned<UInt128>(ref bytes[0]));
        Store.Word(ref Unsafe.AsRef(in Instance.Connection), connection);
    }

    /// <summary>Keeps what was agreed on with the kernel, for the server that takes the session over.</summary>
    /// <param name="terms">
    /// <see cref="SessionTermsLength"/> bytes, of which the last eight are not all zero: they are stored last and say
    /// that the others are there. Or none, to forget what was kept.
    /// </param>
    public void StoreTerms(ReadOnlySpan<byte> terms)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>((Span<byte>)Unsafe.AsRef(in Instance.Terms));
        Store.Word(ref words[^1], 0UL);
        if (terms.IsEmpty) return;
        ReadOnlySpan<ulong> source = MemoryMarshal.Cast<byte, ulong>(terms);
        for (int index = 0; index < words.Length; index++) Store.Word(ref words[index], source[index]);
    }

    /// <summary>Copies what <see cref="StoreTerms"/> has kept.</summary>
    /// <returns>False if there is nothing.</returns>
    public bool TryReadTerms(Span<byte> terms)
    {
        if (!HasTerms) return false;
        ((ReadOnlySpan<byte>)Instance.Terms).CopyTo(terms);
        return true;
    }

    private bool HasTerms => MemoryMarshal.Cast<byte, ulong>((ReadOnlySpan<byte>)Instance.Terms)[^1] != 0;

    private static Guid BootIdOf(in InstanceRecord instance)
    {
        UInt128 bootId = instance.BootId;
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<UInt128>()];
        Unsafe.WriteUnaligned(ref bytes[0], bootId);
        return new Guid(bytes);
    }

    /// <summary>What a dead process's worker had in hand means nothing to a new connection.</summary>
    private void DropRequestsInHand()
    {
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            if (space.WorkerTableEntry(slot) == 0 || IsOfAnotherTree(HeaderOf(slot).RequestSession)) continue;
            Store.Word(ref Unsafe.AsRef(in HeaderOf(slot).RequestInHand), 0UL);
            Store.Word(ref space.Arena.Target<ulong>(FrameOf(slot) + WorkerHeader.RequestBufferOffset), 0UL);
        }
    }

    /// <summary>Whether a session is in force in another tree of the arena.</summary>
    private bool IsOfAnotherTree(ulong session)
    {
        for (int slot = 0; slot < Layout.InstanceCount; slot++)
        {
            ref readonly InstanceRecord other = ref InstanceTable.At(space.Arena, slot);
            if (slot != Slot && other.RootInode != 0 && other.Session == session && session != 0) return true;
        }
        return false;
    }

    /// <summary>Start of the frame of a worker slot that has one.</summary>
    private ArenaPointer FrameOf(int slot) => space.WorkerFrame(slot);

    private ref readonly WorkerHeader HeaderOf(int slot) => ref space.HeaderOfWorker(slot);

    /// <summary>Takes over what the last worker of a slot has recorded in this session.</summary>
    private void Inherit(int slot)
    {
        Worker worker = space.AttachWorker(slot);
        ArenaPointer frame = FrameOf(slot);
        for (int index = 0; index < WorkerHeader.CompletionCount; index++)
        {
            ArenaPointer pointer = ReplyCache.RecordAt(frame, index);
            ref readonly CompletionRecord record = ref space.Arena.At<CompletionRecord>(pointer);
            if (new CompletionState(record.State).IsValid && record.Session == Session)
            {
                Inherit(record.Request, pointer);
            }
        }
        for (int index = 0; index < WorkerHeader.ListingCount; index++)
        {
            ArenaPointer pointer = ReplyCache.ListingAt(frame, index);
            ref readonly ListingRecord listing = ref space.Arena.At<ListingRecord>(pointer);
            if (!new CompletionState(listing.State).IsValid || listing.Session != Session) continue;
            if (IsWhole(in listing)) Inherit(listing.Request, pointer);
            else TakeBack(worker, pointer);
        }
    }

    private void Inherit(ulong request, ArenaPointer record)
    {
        if (request == 0 || !inherited.TryAdd(request, record))
            throw new ArenaCorruptException(
                $"The record at {record} is of request {request}, which has another or is none.");
    }
}
