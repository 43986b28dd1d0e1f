using System.Collections.Concurrent;
using System.Text;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Kernel;

/// <summary>A file system in memory that has directories only, and writes down what it is asked about names.</summary>
/// <remarks>It outlives the sessions that serve it, as an arena would.</remarks>
internal sealed class DirectoryTree : IFileSystem
{
    private readonly ConcurrentDictionary<(NodeId Parent, string Name), NodeId> names = new();
    private ulong lastNode = NodeId.Root.Value;

    /// <summary>What was asked, in order; "again" where the kernel sent it again.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>How often the kernel may still mention an inode.</summary>
    public ConcurrentDictionary<NodeId, long> LookupCounts { get; } = new();

    /// <summary>What was agreed on.</summary>
    public Negotiated? Terms { get; private set; }

    /// <summary>Set when the replay has ended.</summary>
    public ManualResetEventSlim Replayed { get; } = new();

    /// <summary>The inode of a name in the root directory.</summary>
    public NodeId NodeOf(string name) => names[(NodeId.Root, name)];

    public void Initialize(Negotiated negotiated) => Terms = negotiated;

    public void ReplayEnded()
    {
        Calls.Enqueue("ReplayEnded");
        Replayed.Set();
    }

    public Errno Lookup(in RequestContext context, FileName name, ref EntryOut entry)
    {
        string text = Record(in context, "Lookup", name);
        return names.TryGetValue((context.NodeId, text), out NodeId node) ? Enter(node, ref entry) : Errno.ENOENT;
    }

    public void Forget(in RequestContext context, ReadOnlySpan<ForgetOne> forgotten)
    {
        foreach (ForgetOne one in forgotten)
        {
            LookupCounts.AddOrUpdate(one.NodeId, 0, (_, count) => count - (long)one.LookupCount);
            Calls.Enqueue($"Forget {one.NodeId.Value} {one.LookupCount} by {context.Worker}");
        }
    }

    public Errno GetAttributes(in RequestContext context, in GetAttributesIn request, ref NodeAttributes attributes)
    {
        attributes = AttributesOf(context.NodeId);
        return Errno.OK;
    }

    public Errno MakeDirectory(in RequestContext context, FileName name, uint mode, ref EntryOut entry)
    {
        string text = Record(in context, "MakeDirectory", name);
        NodeId node = new(Interlocked.Increment(ref lastNode));
        return names.TryAdd((context.NodeId, text), node) ? Enter(node, ref entry) : Errno.EEXIST;
    }

    public Errno RemoveDirectory(in RequestContext context, FileName name)
    {
        string text = Record(in context, "RemoveDirectory", name);
        return names.TryRemove((context.NodeId, text), out _) ? Errno.OK : Errno.ENOENT;
    }

    public Errno Read(in RequestContext context, in ReadIn request, ref IoVectorWriter segments) => Errno.EISDIR;

    public Errno ReadDirectory(in RequestContext context, in ReadIn request, ref DirectoryWriter entries) => Errno.OK;

    private Errno Enter(NodeId node, ref EntryOut entry)
    {
        LookupCounts.AddOrUpdate(node, 1, (_, count) => count + 1);
        entry.NodeId = node;
        entry.Attributes = AttributesOf(node);
        return Errno.OK;
    }

    private string Record(in RequestContext context, string operation, FileName name)
    {
        string text = Encoding.UTF8.GetString(name.Bytes);
        Calls.Enqueue(context.IsResent ? $"{operation} {text} again" : $"{operation} {text}");
        return text;
    }

    private static NodeAttributes AttributesOf(NodeId node) => new()
    {
        InodeNumber = node.Value,
        Mode = ModeBits.Directory | 0x1ED,
        LinkCount = 2,
    };
}
