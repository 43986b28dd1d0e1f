using PersistFs.Engine;
using PersistFs.Server.Control;
using PersistFs.Server.Saving;

namespace PersistFs.Server;

/// <summary>Saves of the tree while it is served.</summary>
internal sealed partial class VolumeServer
{
    /// <summary>
    /// "save", path: writes an image to the open file that came with the order. Progress is phase, bytes done, bytes in
    /// all; the result is the report. Whoever asked publishes the image.
    /// </summary>
    private string[] Save(ControlOrder order)
    {
        if (volume!.State == VolumeState.ReadOnly)
        {
            throw new FailureException(FailureKind.ArenaCorrupt,
                $"{options.MountPoint}: damage was found in the arena, and an image of it would be damaged as well",
                "end the mount, and look at the arena with: persistfs check");
        }
        using ImageTarget target = ImageTarget.Adopt(order.Argument(0), order.TakeDescriptor());
        using CancellationTokenSource abandoned = new();
        try
        {
            return SaveLines.Encode(VolumeImage.SaveLive(volume, target, Tell, abandoned.Token));
        }
        catch (OperationCanceledException)
        {
            throw new FailureException(FailureKind.Interrupted,
                $"{options.MountPoint}: the save was given up, since nobody waits for it or the server ends",
                "save again");
        }

        void Tell(ImageProgress progress)
        {
            order.Progress(SaveLines.Encode(progress));
            if (order.IsAbandoned) abandoned.Cancel();
        }
    }
}
