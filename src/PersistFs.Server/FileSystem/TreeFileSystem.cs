using Microsoft.Extensions.Logging;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>
/// A volume as the protocol asks for it. The nodeid is the inode number, so it outlives this process.
/// </summary>
/// <remarks>
/// Nothing is kept here between requests: what the kernel remembers of us, the volume remembers of the kernel. Lookups
/// are counted by the volume in the operation that hands the inode out, and only when it succeeds.
/// </remarks>
internal sealed partial class TreeFileSystem : IFileSystem, IBufferProvider
{
    private const int PageSizeInBytes = 4096;

    private readonly Tree tree;
    private readonly Volume volume;
    private readonly ILogger logger;
    private Worker[] workers;
    private Notifier? notifier;
    private Action? expectWait;

    /// <param name="tree">The tree; its session has begun.</param>
    /// <param name="workerCount">Threads that will call.</param>
    /// <param name="logger">Told of damage, and of nothing else.</param>
    public TreeFileSystem(Tree tree, int workerCount, ILogger logger)
    {
        this.tree = tree;
        volume = tree.Volume;
        this.logger = logger;
        this.workerCount = workerCount;
        workers = new Worker[workerCount];
        segmentsOfWorker = new IoVector[workerCount][];
        for (int i = 0; i < workerCount; i++)
        {
            workers[i] = volume.AttachWorker();
            segmentsOfWorker[i] = new IoVector[Tree.SegmentsMax(ReadBytesMax)];
        }
        Negotiated = NegotiatedTerms.Read(tree);
        if (volume.Damage is { } damage) LogDamage(damage);
    }

    /// <summary>What was agreed with the kernel, by this server or by one before it; null before INIT.</summary>
    public Negotiated? Negotiated { get; private set; }

    /// <summary>From now on the kernel is told of changes that it cannot know of.</summary>
    public void NotifyThrough(Notifier kernel) => notifier = kernel;

    /// <summary>What to call before a request waits for another one; see <see cref="Session.ExpectWait"/>.</summary>
    public void WaitThrough(Action expect) => expectWait = expect;

    /// <inheritdoc/>
    public void Initialize(Negotiated negotiated)
    {
        NegotiatedTerms.Store(tree, negotiated);
        Negotiated = negotiated;
    }

    /// <summary>
    /// Requests and replies lie in the arena, in the frame of the worker: always present, and seen by a successor.
    /// </summary>
    public IoVector Provide(int worker, int lengthInBytes)
    {
        Worker owner = workers[worker];
        // The reply buffer follows the request buffer.
        int room = owner.RequestBufferSizeInBytes + owner.ReplyBufferSizeInBytes;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthInBytes, room);
        return new IoVector(owner.RequestBuffer, (nuint)lengthInBytes);
    }

    /// <inheritdoc/>
    public void MakePresent(IoVector memory)
    {
        // For writing: a page that is there for reading only is not there for the kernel's copy of a request.
        if (Libc.Populate(memory.Address, memory.LengthInBytes) != Errno.OK)
        {
            Span<byte> bytes = memory.AsSpan();
            for (int page = 0; page < bytes.Length; page += PageSizeInBytes)
            {
                Volatile.Write(ref bytes[page], Volatile.Read(ref bytes[page]));
            }
        }
        // Swapped out, a page would cost a caller EIO if the process were killed while the kernel copies; where the
        // limit of locked memory is too low for it, that is a risk only on a machine that swaps.
        _ = Libc.Lock(memory.Address, memory.LengthInBytes);
    }

    /// <summary>
    /// Damage of the arena: the volume turns read-only and the caller gets EIO. Anything else is a bug.
    /// </summary>
    public bool Answers(Exception exception, out Errno answer)
    {
        answer = Errno.EIO;
        if (exception is not ArenaCorruptException) return false;
        if (volume.State != VolumeState.ReadOnly) LogDamage(exception.Message);
        volume.TurnReadOnly(exception.Message);
        return true;
    }

    private Worker WorkerOf(in RequestContext context) => workers[context.Worker];

    private InodeNumber InodeOf(in RequestContext context) => InodeOf(context.NodeId);

    private InodeNumber InodeOf(NodeId nodeId) => nodeId == NodeId.Root ? tree.Root : new InodeNumber(nodeId.Value);

    private NodeId NodeIdOf(InodeNumber inode) => inode == tree.Root ? NodeId.Root : new NodeId(inode.Value);

    [LoggerMessage(EventId = 20, Level = LogLevel.Critical,
        Message = "The arena is damaged; the tree is read-only from now on. {Damage} Look at it with: persistfs check")]
    private partial void LogDamage(string damage);
}
