using PersistFs.Server.Arenas;
using PersistFs.Server.Memfd;

namespace PersistFs.Cli.Commands;

/// <summary>An arena as it is named on the command line.</summary>
internal static class ArenaArgument
{
    /// <summary>A path made absolute, since a server has another working directory; other specs as they are.</summary>
    public static string ToAbsolute(string spec) =>
        MemfdName.IsMemory(spec) ? spec : Path.GetFullPath(spec);
}
