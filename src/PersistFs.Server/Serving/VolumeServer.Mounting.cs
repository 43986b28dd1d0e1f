using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Mounts;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.FileSystem;
using PersistFs.Server.Memfd;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Serving;

/// <summary>The way up without anything inherited: a new session on a new connection.</summary>
internal sealed partial class VolumeServer
{
    /// <param name="device">/dev/fuse, opened and stored by a server that died before it mounted; or -1.</param>
    private void MountAnew(int device)
    {
        // A freeze is of a connection, and this is another one.
        FreezeRecord.Remove(options.MountPoint);
        // What can be refused without touching the arena is refused first.
        bool cleared = MountPreparation.Run(options.MountPoint, options.Mount.MayHideFiles);
        if (cleared) Tell($"{options.MountPoint}: a dead mount was cleared away");
        bool isStored = device >= 0;
        if (!isStored) device = OpenDevice();
        served = Connect(OpenNew(), device, isStored);
        served.Session.Start();
        served.Maintenance.Start();
        MountPoint.AwaitAnswer(options.MountPoint);
        BackingDeviceInfo.Relax(options.MountPoint);
    }

    /// <summary>/dev/fuse, or -1 where the user is not root and fusermount3 opens it.</summary>
    private static int OpenDevice()
    {
        try
        {
            int device = Mount.OpenDevice();
            if (Libc.EffectiveUserId() == 0) return device;
            Libc.Close(device);
            return -1;
        }
        catch (MountException exception)
        {
            throw new FailureException(FailureKind.NoFuse, exception.Message, exception.NextStep);
        }
    }

    /// <summary>Opens or makes the arena of a new connection.</summary>
    private OpenedArena OpenNew()
    {
        ArenaPlace place = ArenaPlacement.Choose(options.Arena, options.MountPoint, options.Mount);
        ArenaSource source = Locate(place, mayMake: true, out MemfdArena? memory, out bool isNew);
        OpenedArena opened = Open(source, memory, () => memory is null
            ? VolumeAccess.Open(place, options.Mount, options.LockWait, out isNew)
            : OpenMemory(memory, source, options.LockWait));
        string growth = options.Mount.IsFixed || place.IsFixed ? "made with" : "made, to grow to";
        if (memory is not null && isNew) growth = "nobody had one of that name; a new, empty one was " + growth;
        if (isNew) Tell(place.Note ?? $"arena {place.Spec}: {growth} {SizeText.Format(place.SizeMaxInBytes)}");
        else NoteSize(place.Spec, opened.Volume);
        if (memory is not null) SettleReturn(opened.Name, isNew);
        return opened;
    }

    /// <summary>Opens an arena; what its options say of an open one is set here, for both ways up.</summary>
    private OpenedArena Open(ArenaSource source, MemfdArena? memory, Func<Volume> open)
    {
        try
        {
            Volume volume = open();
            volume.DefaultTree.AccessTimes = options.Mount.AccessTimes;
            return new OpenedArena(volume, Resolve(source, memory), memory);
        }
        catch
        {
            memory?.Dispose();
            throw;
        }
    }

    private static string Resolve(ArenaSource source, MemfdArena? memory) =>
        memory is null && Libc.ResolvePath(source.Name, out string resolved) == Errno.OK ? resolved : source.Name;

    /// <summary>Says so when an arena is there already, and is not of the size that was asked for.</summary>
    private void NoteSize(string spec, Volume volume)
    {
        ulong size = volume.GetStatistics().SizeMax;
        if (ArenaSize.Wanted(options.Mount) is not { } wanted || ArenaSize.AreSame(size, wanted))
        {
            return;
        }
        Tell($"arena {spec} was made with {SizeText.Format(size)} and keeps that; "
            + $"{SizeText.Format(wanted)} would be for a new one");
    }

    private void Deposit(int device)
    {
        if (store.Kind != DescriptorStoreKind.None && !store.Deposit(device)) LogNotHeld(options.MountPoint);
    }

    /// <summary>Begins a session in the arena and mounts it; what was opened is closed where that fails.</summary>
    private ServedTree Connect(OpenedArena opened, int device, bool isStored)
    {
        try
        {
            opened.Volume.DefaultTree.BeginSession();
            new MountRecord(options.MountPoint, options.Settings).Store(opened.Volume);
            TreeFileSystem fileSystem = new(opened.Volume.DefaultTree, options.WorkerCount, logger);
            fileSystem.PrepareRoot(options.Mount);
            // From mount(2) on there are clients, and a server that dies then must not be the last to have the
            // descriptor.
            if (!isStored && device >= 0) Deposit(device);
            device = Attach(opened.Name, device);
            ulong connection = StoredDevice.ConnectionOf(device, options.MountPoint);
            StoreConnection(opened.Volume, connection);
            return new ServedTree(opened, fileSystem, device, connection, Wanted(), inherited: null);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Mounts on the mount point, through fusermount3 where there is no device yet.</summary>
    /// <returns>The mounted /dev/fuse.</returns>
    private int Attach(string arena, int device)
    {
        FuseMountOptions mount = new()
        {
            Target = options.MountPoint,
            Source = options.Mount.SourceName ?? arena,
            Flags = options.Mount.Flags,
            AllowOther = options.Mount.AllowsOthers ?? Libc.EffectiveUserId() == 0,
        };
        bool isOpen = device >= 0;
        try
        {
            if (isOpen) Mount.Attach(device, mount);
            else device = Mount.AttachThroughHelper(mount);
        }
        catch (MountException exception)
        {
            if (isOpen) Libc.Close(device);
            throw new FailureException(FailureKind.MountFailed, exception.Message, exception.NextStep);
        }
        isMounted = true;
        if (!isOpen) Deposit(device);
        return device;
    }

    /// <summary>Notes in the arena which connection its session has; 0 where the kernel does not tell.</summary>
    private static void StoreConnection(Volume volume, ulong connection)
    {
        if (connection != 0) volume.DefaultTree.StoreConnection(BootId(), connection);
    }

    /// <summary>How a session is to be, on a new connection or one taken over.</summary>
    private SessionOptions Wanted()
    {
        CacheMode cacheMode = options.Mount.CacheMode
            ?? (store.Kind == DescriptorStoreKind.None ? CacheMode.WriteThrough : CacheMode.WriteBack);
        return new SessionOptions
        {
            WorkerCount = options.WorkerCount,
            WritebackCache = cacheMode == CacheMode.WriteBack,
            KeepsProcessorsAwake = options.KeepsProcessorsAwake,
        };
    }

    private static Guid BootId() => BootIdentity.Current;
}
