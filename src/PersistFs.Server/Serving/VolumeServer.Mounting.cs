using PersistFs.Engine.Arenas;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Mounts;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.FileSystem;
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
        OpenVolume();
        // From mount(2) on there are clients, and whoever dies then must not be the last to have the descriptor.
        if (!isStored && device >= 0) Deposit(device);
        Connect(device);
        MountPoint.AwaitAnswer(options.MountPoint);
        BackingDeviceInfo.Relax(options.MountPoint);
    }

    /// <summary>/dev/fuse, or -1 for a user who has fusermount3 open it.</summary>
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

    private void OpenVolume()
    {
        ArenaPlace place = ArenaPlacement.Choose(options.Arena, options.MountPoint, options.Mount);
        ArenaSource source = Locate(place, mayMake: true, out bool isNew);
        volume = memory is null
            ? VolumeAccess.Open(place, options.Mount, options.LockWait, out isNew)
            : OpenMemory(source, options.LockWait);
        string growth = options.Mount.IsFixed || place.IsFixed ? "made with" : "made, to grow to";
        if (memory is not null && isNew) growth = "nobody had one of that name; a new, empty one was " + growth;
        if (isNew) Tell(place.Note ?? $"arena {place.Spec}: {growth} {SizeText.Format(place.SizeMaxInBytes)}");
        else NoteSize(place.Spec);
        arena = Resolve(source);
        if (memory is not null) SettleReturn(isNew);
        volume.AccessTimes = options.Mount.AccessTimes;
        volume.BeginSession();
        new MountRecord(options.MountPoint, options.Settings).Store(volume);
        fileSystem = new TreeFileSystem(volume, options.WorkerCount, logger);
        fileSystem.PrepareRoot(options.Mount);
        maintenance = new MaintenanceThread(volume);
    }

    private string Resolve(ArenaSource source) =>
        memory is null && Libc.ResolvePath(source.Name, out string resolved) == Errno.OK ? resolved : source.Name;

    /// <summary>Says so when an arena is there already, and is not of the size that was asked for.</summary>
    private void NoteSize(string spec)
    {
        ulong size = volume!.GetStatistics().SizeMax;
        if (ArenaSize.Wanted(options.Mount) is not { } wanted || ArenaSize.AreSame(size, wanted))
        {
            return;
        }
        Tell($"arena {spec} was made with {SizeText.Format(size)} and keeps that; "
            + $"{SizeText.Format(wanted)} would be for a new one");
    }

    private void Deposit(int device)
    {
        if (holder.Kind != DescriptorStoreKind.None && !holder.Deposit(device)) LogNotHeld(options.MountPoint);
    }

    private void Connect(int device)
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
        connection = StoredDevice.ConnectionOf(device, options.MountPoint);
        StoreConnection();
        MakeSession(device, inherited: null);
        session!.Start();
    }

    /// <summary>Notes in the arena which connection its session has; 0 where the kernel does not tell.</summary>
    private void StoreConnection()
    {
        if (connection != 0) volume!.StoreConnection(BootId(), connection);
    }

    private void MakeSession(int device, Negotiated? inherited)
    {
        channel = new Channel(device);
        fileSystem!.NotifyThrough(new Notifier(channel));
        CacheMode cacheMode = options.Mount.CacheMode
            ?? (holder.Kind == DescriptorStoreKind.None ? CacheMode.WriteThrough : CacheMode.WriteBack);
        SessionOptions wanted = new()
        {
            WorkerCount = options.WorkerCount,
            WritebackCache = cacheMode == CacheMode.WriteBack,
            KeepsProcessorsAwake = options.KeepsProcessorsAwake,
        };
        session = new Session(channel, fileSystem, wanted, fileSystem, inherited);
        fileSystem.WaitThrough(session.ExpectWait);
    }

    private static Guid BootId() => BootIdentity.Current;
}
