namespace PersistFs.EndToEnd.Tests.Units;

/// <summary>The files in systemd/.</summary>
public sealed class UnitFileTests
{
    [RootFact(ProductOnly = true, Tools = "systemd-analyze")]
    public void Systemd_finds_nothing_to_complain_of()
    {
        string home = Directory.CreateTempSubdirectory("persistfs-units-").FullName;
        try
        {
            foreach (string unit in Units())
            {
                // The program does not have to be installed for its units to be right.
                string text = File.ReadAllText(unit).Replace("/usr/bin/persistfs", ProductBinary.Path);
                File.WriteAllText(Path.Combine(home, Path.GetFileName(unit)), text);
            }
            ToolResult result = Tool.Try("systemd-analyze", ["verify", "--man=no",
                .. Units().Select(unit => Path.Combine(home, Path.GetFileName(unit).Replace("@.", "@mnt-pkram.")))]);
            Assert.Equal((0, "", ""), (result.ExitCode, result.Output, WithoutNewerSettings(result.Error)));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    /// <summary>
    /// What systemd says of settings that came after it: it goes on without them. That the setting is meant is told by
    /// its whole name.
    /// </summary>
    private static string WithoutNewerSettings(string complaints) => string.Concat(
        complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains(
                "Unknown key 'FileDescriptorStorePreserve' in section [Service]", StringComparison.Ordinal))
            .Select(line => line + "\n"));

    /// <summary>
    /// Each of these would mount the tree where nobody sees it, take it away from its users, or delete arenas.
    /// </summary>
    [Theory]
    [InlineData("PrivateTmp")]
    [InlineData("PrivateMounts")]
    [InlineData("PrivateDevices")]
    [InlineData("ProtectSystem")]
    [InlineData("ProtectHome")]
    [InlineData("ReadWritePaths")]
    [InlineData("MountFlags")]
    [InlineData("ExecStopPost")]
    [InlineData("RuntimeDirectory")]
    public void The_service_has_no_setting_that_would_hide_the_tree_or_remove_it(string setting)
    {
        string text = File.ReadAllText(Path.Combine(ProductBinary.RepositoryRoot, "systemd/persistfs@.service"));
        Assert.DoesNotContain(text.Split('\n'), line => line.StartsWith(setting + "=", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Units() =>
        Directory.EnumerateFiles(Path.Combine(ProductBinary.RepositoryRoot, "systemd"))
            .Where(path => Path.GetExtension(path) is ".service" or ".target" or ".timer");
}
