using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;
using PersistFs.Server.Supervision;

namespace PersistFs.Server.Arenas;

/// <summary>Finds an arena from outside of its server: to look at it, or to check it while nobody serves it.</summary>
public static class ArenaFinder
{
    /// <summary>The arena that an operator names.</summary>
    /// <exception cref="FailureException">ArenaNotFound: nobody has memory of that name.</exception>
    public static ArenaSource Find(string spec)
    {
        if (!MemfdName.IsMemory(spec)) return new ArenaSource(spec);
        MemfdName memory = MemfdName.Parse(spec);
        string name = memory.ToString();
        StatusReport? report = StatusClient.AskAll().FirstOrDefault(server => server.Arena == name);
        IEnumerable<string>? paths = report?.SegmentDescriptors?.Select(
            number => $"/proc/{report.ProcessId}/fd/{number}");
        paths ??= FindKept(memory.Name)?.Paths;
        if (paths is not null) return new ArenaSource(name, memory.Name, [.. paths.Select(path => Open(name, path))]);
        throw new FailureException(FailureKind.ArenaNotFound,
            $"{name}: no server and no supervisor of this user has an arena of that name",
            "see what is served with: persistfs status; in the store of systemd it can be served, not looked at");
    }

    /// <summary>The supervisor that has an arena and no server; null where there is none.</summary>
    /// <param name="arenaName">Without memfd:.</param>
    internal static (string Socket, IReadOnlyList<string> Paths)? FindKept(string arenaName)
    {
        foreach (string socket in RuntimePaths.ControlSockets())
        {
            Dictionary<string, string> kept = SupervisorClient.Kept(socket);
            if (!kept.TryGetValue(DescriptorName.Arena(0), out string? first)) continue;
            using SafeFileHandle? head = TryOpen(first);
            if (head is null || SegmentHeader.Read(head) is not { } found || found.Name != arenaName) continue;
            List<string> paths = [];
            while (kept.TryGetValue(DescriptorName.Arena(paths.Count), out string? path)) paths.Add(path);
            return (socket, paths);
        }
        return null;
    }

    private static SafeFileHandle Open(string name, string path) => TryOpen(path)
        ?? throw new FailureException(FailureKind.NoPermission, $"{name}: {path} cannot be opened",
            "be the user who serves it, or root");

    private static SafeFileHandle? TryOpen(string path)
    {
        Errno error = Libc.Open(path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int descriptor);
        return error == Errno.OK ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
    }
}
