using PersistFs.Server.Control;

namespace PersistFs.Server;

/// <summary>What a server can be told to do while it serves.</summary>
internal sealed partial class VolumeServer
{
    /// <summary>What carries each order out, by its word. Each runs on a thread that is no worker's.</summary>
    private static Dictionary<string, ControlHandler> Orders() => new(StringComparer.Ordinal);
}
