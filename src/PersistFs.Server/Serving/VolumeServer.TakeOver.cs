using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.FileSystem;
using PersistFs.Server.Memfd;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Serving;

/// <summary>From one server to the next: a connection inherited and taken over, or handed over.</summary>
internal sealed partial class VolumeServer
{
    /// <summary>The exit code of a server that let go of a connection for its successor.</summary>
    public const int HandedOverExitCode = 30;

    /// <summary>Whether the order to let go has been given.</summary>
    private int isHandingOver;

    /// <summary>Goes on with the connection that the descriptor store has kept, if there is one that lives.</summary>
    /// <param name="device">Otherwise: the stored descriptor where it can still be mounted, or -1.</param>
    private bool TryTakeOver(out int device)
    {
        device = store.TakeConnection();
        if (device < 0) return false;
        switch (StoredDevice.Examine(device))
        {
            case DeviceState.Unmounted:
                return false;

            case DeviceState.Closed:
                store.Remove();
                Libc.Close(device);
                device = -1;
                Tell($"{options.MountPoint}: the connection that was kept has ended");
                return false;

            case DeviceState.Live:
                if (TakeOver(device)) return true;
                device = -1;
                return false;

            default:
                throw Foreign("the descriptor that was kept is no /dev/fuse");
        }
    }

    /// <summary>Takes a living connection over.</summary>
    /// <returns>
    /// False when this kernel cannot, and the connection had to be ended: <paramref name="device"/> is closed then.
    /// </returns>
    private bool TakeOver(int device)
    {
        ServedTree tree = served = Inherit(device);
        ResumeFreeze();
        bool canResend = !ServerVariable.IsSet(ServerVariable.WithoutResend);
        Errno error = tree.Session.TakeOver(tree.FileSystem.RequestsInHand(), canResend);
        if (error == Errno.EINVAL && IsIdle(tree.Connection))
        {
            // The dead server had nothing in hand that is answered, so there is nothing to be sent again.
            tree.Session.Start();
            error = Errno.OK;
        }
        if (error != Errno.OK)
        {
            GiveUpConnection(tree, error);
            return false;
        }
        isMounted = true;
        tree.Maintenance.Start();
        return true;
    }

    /// <summary>Opens the arena of a connection and goes on with its session; nothing is read from it yet.</summary>
    private ServedTree Inherit(int device)
    {
        ulong connection = StoredDevice.ConnectionOf(device, options.MountPoint);
        OpenedArena opened = OpenInherited();
        try
        {
            ResumeSession(opened, connection);
            TreeFileSystem fileSystem = new(opened.Volume.DefaultTree, options.WorkerCount, logger);
            return new ServedTree(opened, fileSystem, device, connection, Wanted(), fileSystem.Negotiated);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private OpenedArena OpenInherited()
    {
        ArenaPlace place = ArenaPlacement.Choose(options.Arena, options.MountPoint, options.Mount);
        ArenaSource source = Locate(place, mayMake: false, out MemfdArena? memory, out _);
        return Open(source, memory, () =>
        {
            if (store.IsStandby)
            {
                VolumeAccess.RequireKnownFormat(source);
                store.Standby();
            }
            TimeSpan lockWait = store.IsStandby ? Timeout.InfiniteTimeSpan : options.LockWait;
            return memory is null
                ? VolumeAccess.OpenInherited(source, options.Mount, lockWait)
                : OpenMemory(memory, source, lockWait);
        });
    }

    private void ResumeSession(OpenedArena opened, ulong connection)
    {
        SessionState state = opened.Volume.DefaultTree.ReadSession();
        // A server that died right after mount(2) had no time to note the connection.
        bool isSame = state.Session != 0
            && (state.Connection == 0 || (state.Connection == connection && state.BootId == BootId()));
        if (!isSame)
        {
            throw Foreign(string.Create(CultureInfo.InvariantCulture,
                $"the connection that was kept, {connection}, is not that of the arena {opened.Name} ")
                + string.Create(CultureInfo.InvariantCulture, $"({state.Connection})"));
        }
        opened.Volume.DefaultTree.ResumeSession(store.WasServerKilled);
        if (state.Connection == 0) StoreConnection(opened.Volume, connection);
    }

    /// <summary>Whether the kernel waits for no answer on the connection; false where it does not tell.</summary>
    private static bool IsIdle(ulong connection)
    {
        try
        {
            return File.ReadAllText($"{ConnectionDirectory(connection)}/waiting").Trim() == "0";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// What the dead server had in hand will never be sent again, and its callers would wait for ever: they
    /// get an error, and a new connection serves later ones.
    /// </summary>
    private void GiveUpConnection(ServedTree tree, Errno error)
    {
        LogGivenUp(options.MountPoint, error.ToString());
        try
        {
            File.WriteAllText($"{ConnectionDirectory(tree.Connection)}/abort", "1");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without /sys/fs/fuse/connections the mount can be told.
            Libc.Unmount(options.MountPoint, UnmountFlags.Force | UnmountFlags.Detach);
        }
        store.Discard();
        tree.Session.Stop();
        tree.Dispose();
        served = null;
    }

    private static string ConnectionDirectory(ulong connection) =>
        string.Create(CultureInfo.InvariantCulture, $"/sys/fs/fuse/connections/{connection}");

    private FailureException Foreign(string cause) => new(FailureKind.ForeignConnection,
        $"{options.MountPoint}: {cause}; neither it nor the tree was touched",
        $"end the process that keeps it, and then: persistfs up {options.MountPoint}");

    private void OnHandOverSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        // Without a descriptor store the connection would end with this process.
        if (store.Kind != DescriptorStoreKind.None) HandOver();
    }

    /// <summary>
    /// Lets go of the arena between two requests and ends the process; the mount stays, and its clients wait.
    /// </summary>
    private void HandOver()
    {
        if (Interlocked.Exchange(ref isHandingOver, 1) != 0) return;
        isStopping = true;
        // The successor makes its own under the same name.
        statusSocket?.Dispose();
        Tree.Session.Stop();
        Tree.Maintenance.Dispose();
        Tree.Volume.Dispose();
        Libc.ExitNow(HandedOverExitCode);
    }

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning,
        Message = "{MountPoint}: the descriptor store does not take the connection; it is lost with this process")]
    private partial void LogNotHeld(string mountPoint);

    [LoggerMessage(EventId = 6, Level = LogLevel.Error,
        Message = "{MountPoint}: this kernel cannot send requests again ({Error}), and some were under way: "
            + "their callers get an error, and the tree is mounted anew")]
    private partial void LogGivenUp(string mountPoint, string error);
}
