using Microsoft.Extensions.Logging;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Memfd;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Serving;

/// <summary>Arenas in memory, which the descriptor store keeps as it keeps the connection.</summary>
internal sealed partial class VolumeServer
{
    /// <summary>The arena of a place; one in memory is taken from where it is kept, or made.</summary>
    /// <param name="place">Where it lies.</param>
    /// <param name="mayMake">Whether one in memory may be made where there is none.</param>
    /// <param name="memory">Its segments where it lies in memory, the caller's to close; else null.</param>
    /// <param name="isNew">Whether it was.</param>
    /// <exception cref="FailureException">
    /// There is none, or not all of it, or another's; nothing was changed.
    /// </exception>
    private ArenaSource Locate(ArenaPlace place, bool mayMake, out MemfdArena? memory, out bool isNew)
    {
        memory = null;
        isNew = false;
        if (!MemfdName.IsMemory(place.Spec))
        {
            if (!store.HasArena) return place.Spec;
            throw new FailureException(FailureKind.ArenaInUse,
                $"{options.MountPoint}: its descriptor store has an arena in memory, and {place.Spec} is another",
                $"name that one, or give it up with: persistfs down --discard {options.MountPoint}");
        }
        MemfdName spec = MemfdName.Parse(place.Spec);
        if (store.Kind == DescriptorStoreKind.None) throw MemfdArena.NotHeld(spec);
        memory = new MemfdArena(store, options.MountPoint, spec, Tell);
        try
        {
            isNew = !TakeOrMake(memory, spec, place, mayMake);
            return memory.Source;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <returns>Whether it was taken; else it was made.</returns>
    private bool TakeOrMake(MemfdArena memory, MemfdName spec, ArenaPlace place, bool mayMake)
    {
        if (!store.HasArena) RequireNotElsewhere(spec);
        if (memory.TryTake(options.LockWait)) return true;
        if (!mayMake)
        {
            throw new FailureException(FailureKind.ArenaNotFound,
                $"{spec}: its descriptor store has the connection and not the arena; the tree is lost",
                $"end its clients, then: persistfs down {options.MountPoint}, persistfs up {options.MountPoint}");
        }
        if (ServerVariable.IsSet(ServerVariable.ExistingOnly))
        {
            throw new FailureException(FailureKind.ArenaNotFound,
                $"{spec}: what it held is lost: {WhyNothingCame()}",
                $"begin anew: persistfs up {options.MountPoint} --arena {spec}; or restore a saved image to a file");
        }
        memory.Make(VolumeAccess.Describe(place, options.Mount));
        return false;
    }

    /// <summary>
    /// Opens what <see cref="Locate"/> has found in memory, and has the kernel hand it to the next one.
    /// </summary>
    private Volume OpenMemory(MemfdArena memory, ArenaSource source, TimeSpan lockWait)
    {
        Volume opened = VolumeAccess.OpenInherited(source, options.Mount, lockWait);
        memory.GoLive(opened);
        LiveUpdateStatus status = memory.Status;
        if (status.Milliseconds is { } taken) LogLive(options.MountPoint, status.Preserved, taken);
        if (status.Reason is not { } reason) return opened;
        // Where the kernel could, the operator counts on it.
        if (LiveUpdate.IsThere) Tell($"{source.Name} does not go to the next kernel: {reason}");
        else LogNotLive(options.MountPoint, reason);
        return opened;
    }

    /// <summary>Where this arena was to come from the last kernel: says that it did not, if it did not.</summary>
    private void SettleReturn(string arena, bool isNew)
    {
        if (settleReturn(options.MountPoint, arena) && isNew)
        {
            Tell($"{arena}: what it held under the last kernel is lost: {WhyNothingCame()}");
        }
    }

    private static string WhyNothingCame() => LiveUpdate.IsThere
        ? "the last kernel has handed nothing of that name over"
        : $"this kernel takes no memory over ({Libc.LiveUpdateDevice} is missing: boot with kho=on liveupdate=on)";

    /// <summary>Two arenas of one name could not both go to the next kernel.</summary>
    private static void RequireNotElsewhere(MemfdName spec)
    {
        if (StatusClient.AskAll().FirstOrDefault(report => report.Arena == spec.ToString()) is { } owner)
        {
            throw new FailureException(FailureKind.ArenaInUse,
                $"{spec}: in use: process {owner.ProcessId} serves the arena on {owner.MountPoint}",
                $"end that with: persistfs down {owner.MountPoint}, or bind-mount the tree from there");
        }
        if (ArenaFinder.FindKept(spec.Name) is not { } kept) return;
        throw new FailureException(FailureKind.ArenaInUse,
            $"{spec}: kept in memory for another mount point ({kept.Socket})",
            "serve it there with persistfs up, or give it up with persistfs down --discard");
    }

    [LoggerMessage(EventId = 12, Level = LogLevel.Information,
        Message = "{MountPoint}: its memory does not outlive the kernel: {Reason}")]
    private partial void LogNotLive(string mountPoint, string reason);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information,
        Message = "{MountPoint}: {Preserved} segments go to the next kernel; preserving took {Milliseconds} ms")]
    private partial void LogLive(string mountPoint, int preserved, double milliseconds);
}
