using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Server.FileSystem;
using PersistFs.Server.Memfd;

namespace PersistFs.Server.Serving;

/// <summary>All that serves a tree: an open arena on a connection, new or taken over.</summary>
internal sealed class ServedTree : IDisposable
{
    private readonly OpenedArena opened;

    /// <summary>Puts an arena and a connection together; nothing is read from the connection yet.</summary>
    /// <param name="opened">
    /// The arena, from now on this object's to close; its session has begun or was resumed.
    /// </param>
    /// <param name="fileSystem">The file system in it.</param>
    /// <param name="device">A mounted /dev/fuse, from now on this object's to close.</param>
    /// <param name="connection">The kernel's number of the connection; 0 where it does not tell.</param>
    /// <param name="wanted">How the session is to be.</param>
    /// <param name="inherited">What an earlier server agreed on with the kernel; null on a new connection.</param>
    public ServedTree(
        OpenedArena opened, TreeFileSystem fileSystem, int device, ulong connection, SessionOptions wanted,
        Negotiated? inherited)
    {
        this.opened = opened;
        FileSystem = fileSystem;
        Connection = connection;
        Channel = new Channel(device);
        fileSystem.NotifyThrough(new Notifier(Channel));
        Session = new Session(Channel, fileSystem, wanted, fileSystem, inherited);
        fileSystem.WaitThrough(Session.ExpectWait);
        Maintenance = new MaintenanceThread(opened.Volume);
    }

    public Volume Volume => opened.Volume;

    /// <summary>The arena's name, or its path as the kernel writes it.</summary>
    public string Arena => opened.Name;

    /// <summary>The arena's segments, where it lies in memory; else null.</summary>
    public MemfdArena? Memory => opened.Memory;

    public TreeFileSystem FileSystem { get; }

    public Channel Channel { get; }

    public Session Session { get; }

    /// <summary>Idle until the session runs.</summary>
    public MaintenanceThread Maintenance { get; }

    /// <summary>The kernel's number of the connection; 0 where it does not tell.</summary>
    public ulong Connection { get; }

    /// <summary>Lets go of the connection and the arena, and of the mount not at all.</summary>
    public void Dispose()
    {
        Channel.Dispose();
        Maintenance.Dispose();
        opened.Dispose();
    }
}
