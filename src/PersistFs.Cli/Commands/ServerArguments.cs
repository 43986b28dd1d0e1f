using System.CommandLine;
using PersistFs.Server.Settings;

namespace PersistFs.Cli.Commands;

/// <summary>What `up` and `serve` take alike: the mount point and the settings of the server.</summary>
internal sealed class ServerArguments
{
    private readonly Argument<string?> mountPoint = new("MNT")
    {
        Description = "The directory to mount on.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> file = new("--config")
    {
        Description = $"A JSON file of settings. Otherwise {ServerSettings.Directory}/NAME.json, if there is one.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> mountOptions = new("-o")
    {
        Description = "Mount options, with commas between (listed below).",
        HelpName = "OPT,...",
    };

    private readonly (SettingKey Key, Option<string?> Option)[] settings =
    [
        (SettingKey.Arena, new("--arena")
        {
            Description = "Where the tree lies: a file on tmpfs, hugetlbfs or a disk, or a DAX device, "
                + "or memfd:NAME. Otherwise a place is chosen.",
            HelpName = "SPEC",
        }),
        (SettingKey.Size, new("--size")
        {
            Description = "Bytes the tree may hold, as 512M or 4G. Otherwise half of memory, or the whole device.",
            HelpName = "N",
        }),
        (SettingKey.SizeMax, new("--max-size")
        {
            Description = "How far the arena may grow, where that is more than --size.",
            HelpName = "N",
        }),
        (SettingKey.Workers, new("--workers") { Description = "Threads that answer the kernel.", HelpName = "N" }),
        (SettingKey.Latency, new("--latency")
        {
            Description = "low: idle processors stay ready while requests come thick and fast; normal: they sleep.",
            HelpName = "low|normal",
        }),
        (SettingKey.LockWait, new("--lock-wait")
        {
            Description = "How long to wait for a server of the arena that is just ending (10s).",
            HelpName = "TIME",
        }),
        (SettingKey.StopGrace, new("--stop-grace")
        {
            Description = "How long open files may be used after the order to stop (5s).",
            HelpName = "TIME",
        }),
    ];

    public void AddTo(Command command)
    {
        command.Arguments.Add(mountPoint);
        foreach ((_, Option<string?> option) in settings) command.Options.Add(option);
        command.Options.Add(mountOptions);
        command.Options.Add(file);
    }

    public string? File(ParseResult parsed) => parsed.GetValue(file);

    /// <summary>What was given, by the settings' names; paths are made absolute.</summary>
    public Dictionary<string, string?> Values(ParseResult parsed)
    {
        Dictionary<string, string?> values = [];
        if (parsed.GetValue(mountPoint) is { } path) values[SettingKey.MountPoint.Name] = Path.GetFullPath(path);
        foreach ((SettingKey key, Option<string?> option) in settings)
        {
            if (parsed.GetValue(option) is { } value) values[key.Name] = value;
        }
        if (values.TryGetValue(SettingKey.Arena.Name, out string? arena))
        {
            values[SettingKey.Arena.Name] = ArenaArgument.ToAbsolute(arena!);
        }
        if (parsed.GetValue(mountOptions) is { Length: > 0 } lists)
        {
            values[SettingKey.MountOptions.Name] = string.Join(",", lists);
        }
        return values;
    }
}
