using PersistFs.Engine.Image;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Sessions;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Images;

namespace PersistFs.Server.Serving;

/// <summary>Saves of the tree while it is served.</summary>
internal sealed partial class VolumeServer
{
    /// <summary>
    /// "save", path: writes an image to the open file that came with the order. Progress is phase, bytes done, bytes in
    /// all; the result is the report. The client publishes the image. With "settle" as third word, the save says so
    /// when little is left to be copied, and waits until the tree is frozen: the image is of the frozen tree.
    /// </summary>
    private string[] Save(ControlRequest order)
    {
        if (Tree.Volume.State == VolumeState.ReadOnly)
        {
            throw new FailureException(FailureKind.ArenaCorrupt,
                $"{options.MountPoint}: damage was found in the arena, and an image of it would be damaged as well",
                "end the mount, and look at the arena with: persistfs check");
        }
        using ImageTarget target = ImageTarget.Adopt(order.Argument(0), order.TakeDescriptor());
        using CancellationTokenSource abandoned = new();
        try
        {
            Action? settle = order.Arguments.Count > 1 && order.Arguments[1] == ControlVerb.Settle ? Settle : null;
            return SaveLines.Encode(VolumeImage.SaveLive(Tree.Volume, target, settle, Tell, abandoned.Token));
        }
        catch (OperationCanceledException)
        {
            throw new FailureException(FailureKind.Interrupted,
                $"{options.MountPoint}: the save was broken off, since nobody waits for it or the server ends",
                "save again");
        }

        void Settle()
        {
            order.Progress(ControlVerb.Settle);
            while (freezing is not { Scope: FreezeScope.All })
            {
                if (order.IsAbandoned) throw new OperationCanceledException();
                Thread.Sleep(1);
            }
        }

        void Tell(ImageProgress progress)
        {
            order.Progress(SaveLines.Encode(progress));
            if (order.IsAbandoned) abandoned.Cancel();
        }
    }
}
