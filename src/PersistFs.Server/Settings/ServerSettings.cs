using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.FileProviders;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Settings;

/// <summary>Settings from a file, the environment and the command line, the later winning, read into options.</summary>
public sealed class ServerSettings
{
    /// <summary>Where the file of a mount point lies when none is named: NAME.json, with the name escaped.</summary>
    public const string Directory = "/etc/persistfs";

    private readonly List<Source> sources = [];

    private enum Origin
    {
        File,
        Environment,
        CommandLine,
    }

    /// <param name="file">A configuration file; null for the default one of the mount point, if there is one.</param>
    /// <param name="environment">Environment variables; those with other names are left alone.</param>
    /// <param name="commandLine">What was given on the command line, by <see cref="SettingKey.Name"/>.</param>
    /// <exception cref="FailureException">
    /// Configuration: the file cannot be read, or has a key nobody knows.
    /// </exception>
    public ServerSettings(
        string? file, IReadOnlyDictionary<string, string?> environment,
        IReadOnlyDictionary<string, string?> commandLine)
    {
        file ??= DefaultFile(commandLine.GetValueOrDefault(SettingKey.MountPoint.Name));
        if (file is not null) sources.Add(new Source(Origin.File, file, ReadFile(file)));
        Dictionary<string, string?> variables = [];
        foreach (SettingKey key in SettingKey.All)
        {
            if (environment.TryGetValue(key.Variable, out string? value)) variables[key.Name] = value;
        }
        sources.Add(new Source(Origin.Environment, "", InMemory(variables)));
        sources.Add(new Source(Origin.CommandLine, "", InMemory(commandLine)));
    }

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="FailureException">Usage or Configuration, with a message that names the key.</exception>
    public ServerOptions Read()
    {
        string mountPoint = Text(SettingKey.MountPoint)
            ?? throw Wrong(
                SettingKey.MountPoint, sources[^1], "no mount point is named", "name one, such as /mnt/pkram");
        return new ServerOptions
        {
            MountPoint = MountPoint.Resolve(mountPoint),
            Arena = Text(SettingKey.Arena),
            Mount = MountOptions(),
            WorkerCount = Workers(),
            KeepsProcessorsAwake = IsLatencyLow(),
            LockWait = Duration(SettingKey.LockWait, TimeSpan.FromSeconds(10)),
            StopGrace = Duration(SettingKey.StopGrace, TimeSpan.FromSeconds(5)),
            Settings = Effective(),
        };
    }

    private static string? DefaultFile(string? mountPoint)
    {
        if (mountPoint is null) return null;
        string file = Path.Combine(Directory, RuntimePaths.Escape(Path.GetFullPath(mountPoint)) + ".json");
        return File.Exists(file) ? file : null;
    }

    private static JsonConfigurationProvider ReadFile(string file)
    {
        string path = Path.GetFullPath(file);
        JsonConfigurationSource source = new()
        {
            FileProvider = new PhysicalFileProvider(Path.GetDirectoryName(path)!),
            Path = Path.GetFileName(path),
        };
        JsonConfigurationProvider provider = new(source);
        try
        {
            provider.Load();
        }
        catch (Exception exception)
            when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.Configuration,
                $"{file}: cannot read the configuration: {exception.InnerException?.Message ?? exception.Message}",
                "it has to be a readable file with one JSON object of settings");
        }
        foreach (string name in provider.GetChildKeys([], null))
        {
            if (SettingKey.All.Any(key => key.Name.Equals(name, StringComparison.OrdinalIgnoreCase))) continue;
            throw new FailureException(FailureKind.Configuration, $"{file}: there is no setting \"{name}\"",
                "settings are: " + string.Join(", ", SettingKey.All.Select(key => key.Name)));
        }
        return provider;
    }

    private static MemoryConfigurationProvider InMemory(IReadOnlyDictionary<string, string?> values) =>
        new(new MemoryConfigurationSource { InitialData = values });

    /// <summary>Settings that are in force, as they would be given on a command line.</summary>
    private Dictionary<string, string> Effective()
    {
        Dictionary<string, string> found = [];
        foreach (SettingKey key in SettingKey.All)
        {
            if (key == SettingKey.MountPoint) continue;
            if (key != SettingKey.MountOptions)
            {
                if (Text(key) is { } value) found[key.Name] = value;
                continue;
            }
            IEnumerable<string> lists = sources
                .Select(source => source.Provider.TryGet(key.Name, out string? list) ? list : null).OfType<string>();
            string options = string.Join(',', lists);
            if (options.Length > 0) found[key.Name] = options;
        }
        return found;
    }

    private string? Text(SettingKey key) => Find(key, out _);

    private string? Find(SettingKey key, out Source origin)
    {
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            origin = sources[i];
            if (origin.Provider.TryGet(key.Name, out string? value) && !string.IsNullOrEmpty(value)) return value;
        }
        origin = sources[^1];
        return null;
    }

    /// <summary>Options of all sources together: those of the command line come last and so win.</summary>
    private MountOptions MountOptions()
    {
        ulong memory = MachineMemory.TotalInBytes;
        List<string> lists = [];
        foreach (Source source in sources)
        {
            if (!source.Provider.TryGet(SettingKey.MountOptions.Name, out string? list) || list is null) continue;
            try
            {
                Settings.MountOptions.Parse([list], memory);
            }
            catch (FailureException exception)
            {
                if (source.Origin == Origin.CommandLine) throw;
                throw Wrong(SettingKey.MountOptions, source, exception.Message, exception.NextStep);
            }
            lists.Add(list);
        }
        Settings.MountOptions options = Settings.MountOptions.Parse(lists, memory);
        return options with
        {
            SizeInBytes = Size(SettingKey.Size, memory) ?? options.SizeInBytes,
            SizeMaxInBytes = Size(SettingKey.SizeMax, memory) ?? options.SizeMaxInBytes,
        };
    }

    private ulong? Size(SettingKey key, ulong memory)
    {
        if (Find(key, out Source source) is not { } text) return null;
        return SizeText.TryParse(text, memory, out ulong size)
            ? size
            : throw Wrong(key, source, $"\"{text}\" is no size", "give digits and a unit, as in 512M or 4G");
    }

    private int Workers()
    {
        if (Find(SettingKey.Workers, out Source source) is not { } text) return ServerOptions.DefaultWorkerCount;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= ServerOptions.WorkerCountMax
            ? count
            : throw Wrong(SettingKey.Workers, source, $"\"{text}\" is no number of threads",
                $"give a number from 1 to {ServerOptions.WorkerCountMax}");
    }

    private bool IsLatencyLow()
    {
        if (Find(SettingKey.Latency, out Source source) is not { } text) return true;
        return text switch
        {
            "low" => true,
            "normal" => false,
            _ => throw Wrong(SettingKey.Latency, source, $"\"{text}\" is no kind of latency", "give low or normal"),
        };
    }

    private TimeSpan Duration(SettingKey key, TimeSpan otherwise)
    {
        if (Find(key, out Source source) is not { } text) return otherwise;
        return DurationText.TryParse(text, out TimeSpan duration)
            ? duration
            : throw Wrong(
                key, source, $"\"{text}\" is no duration", "give seconds, as in 10s, or milliseconds, as in 500ms");
    }

    private static FailureException Wrong(SettingKey key, Source source, string cause, string nextStep) =>
        source.Origin switch
        {
            Origin.File => new(FailureKind.Configuration, $"{source.Path}: \"{key.Name}\": {cause}", nextStep),
            Origin.Environment => new(FailureKind.Configuration, $"{key.Variable}: {cause}", nextStep),
            _ => new(FailureKind.Usage, $"{key.Option}: {cause}", nextStep),
        };

    private readonly record struct Source(Origin Origin, string Path, ConfigurationProvider Provider);
}
