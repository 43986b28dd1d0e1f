using System.Text.Json.Nodes;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>The units that make trees ready for kexec and take them up again, under a real systemd.</summary>
/// <remarks>
/// A systemd in a namespace ends where another one would enter the next kernel. What is on its disk then is what that
/// kernel would find; memory, the arena's too, is gone with it.
/// </remarks>
[Collection(TakeOverCollection.Name)]
public sealed class SystemdKexecTests : IDisposable
{
    private const string Root = "/mnt/tree", Tree = "persistfs@mnt-tree.service";
    private const string Prepare = "persistfs-kexec.service", Finish = "persistfs-kexec-finish.service";

    private readonly string state = Directory.CreateTempSubdirectory("persistfs-state-").FullName;

    private string Records => Path.Combine(state, "persistfs", "kexec");

    private string Image => Path.Combine(state, "persistfs", "mnt-tree.image");

    /// <summary>What was told while the machine went down.</summary>
    private string Told => File.ReadAllText(Path.Combine(state, "told"));

    public void Dispose() => Directory.Delete(state, recursive: true);

    [SystemdFact]
    public void A_tree_is_saved_after_its_clients_have_ended_and_is_back_before_its_unit_serves_it()
    {
        using (SystemdNamespace systemd = new(state))
        {
            Serve(systemd);
            // A service that writes when it is told to end.
            systemd.Run("systemd-run", "--unit=client", "-p", "DefaultDependencies=no", "-p", "After=basic.target",
                "-p", "Conflicts=shutdown.target", "-p", "Before=shutdown.target", "bash", "-c",
                $"trap 'echo last >{Root}/last; exit' TERM; echo first >{Root}/first; while :; do sleep 0.1; done");
            HeldTree.Await("the client", () => File.Exists(systemd.At($"{Root}/first")));
            systemd.GoDown("kexec.target");
        }

        Assert.True(Directory.Exists(Records), Told);
        string record = Assert.Single(Directory.GetFiles(Records));
        Assert.True(File.Exists(Image));
        JsonNode noted = JsonNode.Parse(File.ReadAllText(record))!;
        Assert.Equal(Tree, noted["unit"]!.GetValue<string>());
        // The kernel is the same one, in truth.
        noted["bootId"] = Guid.NewGuid().ToString();
        File.WriteAllText(record, noted.ToJsonString());

        using SystemdNamespace next = new(state);
        Start(next, Finish, Tree);
        Assert.Equal("first\n", File.ReadAllText(next.At($"{Root}/first")));
        Assert.Equal("last\n", File.ReadAllText(next.At($"{Root}/last")));
        Assert.Empty(Directory.GetFiles(Records));
        next.RunProduct("down", Root);
        next.RunProduct("check", "/mnt/arena");
    }

    [SystemdFact]
    public void A_machine_that_goes_down_for_something_else_saves_nothing()
    {
        using (SystemdNamespace systemd = new(state))
        {
            Serve(systemd);
            systemd.GoDown("poweroff.target");
        }

        Assert.False(Directory.Exists(Records));
        Assert.False(File.Exists(Image));
    }

    private static void Serve(SystemdNamespace systemd)
    {
        // This kernel may have been built without kexec; and of the targets before ordinary services it is only the
        // order that matters: the tree's mount point, too, is a unit, which is unmounted after local-fs.target.
        Write(systemd, $"{Prepare}.d/test.conf", "[Unit]\nConditionPathExists=\n"
            + "[Service]\nStandardOutput=append:/var/lib/told\nStandardError=inherit\n");
        foreach (string target in (string[])["local-fs.target", "basic.target"])
        {
            Write(systemd, target,
                "[Unit]\nDefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target\n");
        }
        Start(systemd, Prepare, Tree);
        systemd.Run("systemctl", "start", "local-fs.target", "basic.target");
    }

    /// <summary>As at boot: units are wanted by their target, and it is their order that matters.</summary>
    private static void Start(SystemdNamespace systemd, params string[] units)
    {
        Directory.CreateDirectory(systemd.At(Root));
        systemd.Run("systemctl", ["enable", .. units]);
        systemd.Run("systemctl", "start", "persistfs.target");
        foreach (string unit in units)
            HeldTree.Await(unit, () => systemd.Try("systemctl", "is-active", unit).ExitCode == 0);
    }

    private static void Write(SystemdNamespace systemd, string unit, string text)
    {
        string path = systemd.At($"/etc/systemd/system/{unit}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
