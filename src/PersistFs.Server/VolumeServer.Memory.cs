using PersistFs.Engine;
using PersistFs.Server.Holding;
using PersistFs.Server.Memory;

namespace PersistFs.Server;

/// <summary>Arenas in memory, which the holder keeps as it keeps the connection.</summary>
internal sealed partial class VolumeServer
{
    private KeptArena? memory;

    /// <summary>The arena of a place; one in memory is taken from whoever has it, or made.</summary>
    /// <param name="place">Where it lies.</param>
    /// <param name="mayMake">Whether one in memory may be made where there is none.</param>
    /// <param name="isNew">Whether it was.</param>
    /// <exception cref="FailureException">
    /// There is none, or not all of it, or another's; nothing was changed.
    /// </exception>
    private ArenaSource Locate(ArenaPlace place, bool mayMake, out bool isNew)
    {
        isNew = false;
        if (!MemorySpec.IsMemory(place.Spec))
        {
            if (!holder.HasArena) return place.Spec;
            throw new FailureException(FailureKind.ArenaInUse,
                $"{options.MountPoint}: its holder keeps an arena in memory, and {place.Spec} is another",
                $"name that one, or give it up with: persistfs down --discard {options.MountPoint}");
        }
        MemorySpec spec = MemorySpec.Parse(place.Spec);
        if (holder.Kind == HolderKind.None) throw KeptArena.NotHeld(spec);
        memory = new KeptArena(holder, options.MountPoint, spec);
        if (!holder.HasArena) RequireNotElsewhere(spec);
        if (memory.TryTake(options.LockWait)) return memory.Source;
        if (!mayMake)
        {
            throw new FailureException(FailureKind.ArenaNotFound,
                $"{spec}: its holder has the connection and not the arena; the tree is lost",
                $"end its clients, then: persistfs down {options.MountPoint}, persistfs up {options.MountPoint}");
        }
        memory.Make(VolumeAccess.Describe(place, options.Mount));
        isNew = true;
        return memory.Source;
    }

    /// <summary>
    /// Opens what <see cref="Locate"/> has found in memory, and has the kernel hand it to the next one.
    /// </summary>
    private Volume OpenMemory(ArenaSource source, TimeSpan lockWait)
    {
        Volume opened = VolumeAccess.OpenInherited(source, options.Mount, lockWait);
        memory!.GoLive(opened);
        if (memory.Status is { Reason: { } reason }) LogNotLive(options.MountPoint, reason);
        return opened;
    }

    /// <summary>Two arenas of one name could not both go to the next kernel.</summary>
    private static void RequireNotElsewhere(MemorySpec spec)
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
}
