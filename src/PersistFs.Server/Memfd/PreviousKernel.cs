using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Memfd;

/// <summary>What the kernel before this one has left: asked when something is not in keeping, not before.</summary>
/// <param name="spec">The arena that is looked for.</param>
/// <param name="wait">How long to wait for /dev/liveupdate.</param>
internal sealed class PreviousKernel(MemfdName spec, TimeSpan wait) : IDisposable
{
    private LiveUpdate? device;

    /// <summary>/dev/liveupdate; null where nothing of this arena can have been left.</summary>
    /// <exception cref="FailureException">It is there, and cannot be opened.</exception>
    public LiveUpdate? Open()
    {
        if (device is not null || spec.IsHuge || !LiveUpdate.IsThere) return device;
        Errno error = LiveUpdate.TryOpen(wait, out device);
        if (error == Errno.OK) return device;
        throw new FailureException(FailureKind.NotAnswering,
            $"{spec}: cannot ask the kernel whether the one before it left the arena: {Libc.LiveUpdateDevice}: {error}",
            error == Errno.EBUSY ? "end whoever has it open, and try again" : "look into the kernel's log (dmesg)");
    }

    public void Dispose() => device?.Dispose();
}
