using PersistFs.Server.Failures;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Tests.Settings;

public sealed class ServerSettingsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("persistfs-settings-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        string file = WriteFile("""{ "arena": "/a", "size": "1G", "workers": "3", "options": "noatime,size=2G" }""");
        ServerOptions options = Read(file, [("PERSISTFS_SIZE", "3G"), ("PERSISTFS_ARENA", "/b")], [("arena", "/c")]);
        Assert.Equal("/c", options.Arena);
        Assert.Equal(3UL << 30, options.Mount.SizeInBytes);
        Assert.Equal(3, options.WorkerCount);
        Assert.NotEqual(Linux.MountFlags.None, options.Mount.Flags & Linux.MountFlags.NoAccessTime);
    }

    [Fact]
    public void Mount_options_of_all_sources_are_joined_in_that_order()
    {
        string file = WriteFile("""{ "options": "mode=700,noatime" }""");
        ServerOptions options = Read(file, [("PERSISTFS_OPTIONS", "mode=755,nodev")], [("options", "mode=1777")]);
        Assert.Equal(0x3FFu, options.Mount.RootMode);
        Assert.Equal(Linux.MountFlags.NoAccessTime | Linux.MountFlags.NoDevices, options.Mount.Flags);
    }

    [Theory]
    [InlineData("workers", "PERSISTFS_WORKERS", "--workers", "0")]
    [InlineData("workers", "PERSISTFS_WORKERS", "--workers", "64")]
    [InlineData("size", "PERSISTFS_SIZE", "--size", "huge")]
    [InlineData("maxSize", "PERSISTFS_MAX_SIZE", "--max-size", "-1")]
    [InlineData("lockWait", "PERSISTFS_LOCK_WAIT", "--lock-wait", "soon")]
    [InlineData("stopGrace", "PERSISTFS_STOP_GRACE", "--stop-grace", "5h")]
    [InlineData("options", "PERSISTFS_OPTIONS", "-o", "mode=9")]
    public void A_mistake_names_the_key_as_it_was_written(string name, string variable, string option, string value)
    {
        string file = WriteFile($$"""{ "{{name}}": "{{value}}" }""");
        FailureException inFile = Assert.Throws<FailureException>(() => Read(file, [], []));
        Assert.Equal(FailureKind.Configuration, inFile.Kind);
        Assert.Contains($"{file}: \"{name}\"", inFile.Message, StringComparison.Ordinal);

        FailureException inEnvironment = Assert.Throws<FailureException>(() => Read(null, [(variable, value)], []));
        Assert.Equal(FailureKind.Configuration, inEnvironment.Kind);
        Assert.Contains(variable, inEnvironment.Message, StringComparison.Ordinal);

        FailureException onCommandLine = Assert.Throws<FailureException>(() => Read(null, [], [(name, value)]));
        Assert.Equal(FailureKind.Usage, onCommandLine.Kind);
        Assert.Contains(option, onCommandLine.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_nobody_knows_is_refused()
    {
        string file = WriteFile("""{ "arenas": "/a" }""");
        FailureException failure = Assert.Throws<FailureException>(() => Read(file, [], []));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains("arenas", failure.Message, StringComparison.Ordinal);
        Assert.Contains("arena", failure.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"arena\": ")]
    [InlineData("[]")]
    public void A_file_that_is_no_json_object_is_refused(string text)
    {
        FailureException failure = Assert.Throws<FailureException>(() => Read(WriteFile(text), [], []));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
    }

    [Fact]
    public void A_named_file_that_is_missing_is_refused()
    {
        string file = Path.Combine(directory, "absent.json");
        FailureException failure = Assert.Throws<FailureException>(() => Read(file, [], []));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_mount_point_nothing_is_served()
    {
        ServerSettings settings = new(null, new Dictionary<string, string?>(), new Dictionary<string, string?>());
        Assert.Equal(FailureKind.Usage, Assert.Throws<FailureException>(() => settings.Read()).Kind);
    }

    [Fact]
    public void A_mount_point_that_is_missing_is_told_as_such()
    {
        Dictionary<string, string?> line = new() { ["mountPoint"] = Path.Combine(directory, "absent") };
        ServerSettings settings = new(null, new Dictionary<string, string?>(), line);
        FailureException failure = Assert.Throws<FailureException>(() => settings.Read());
        Assert.Equal(FailureKind.MountPointInvalid, failure.Kind);
        Assert.Contains("mkdir", failure.NextStep, StringComparison.Ordinal);
    }

    private ServerOptions Read(string? file, (string, string)[] environment, (string, string)[] commandLine)
    {
        Dictionary<string, string?> line = ToDictionary(commandLine);
        line["mountPoint"] = directory;
        return new ServerSettings(file, ToDictionary(environment), line).Read();
    }

    private static Dictionary<string, string?> ToDictionary((string Key, string Value)[] pairs) =>
        pairs.ToDictionary(pair => pair.Key, pair => (string?)pair.Value);

    private string WriteFile(string text)
    {
        string file = Path.Combine(directory, "settings.json");
        File.WriteAllText(file, text);
        return file;
    }
}
