using System.Diagnostics;
using System.Globalization;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>A real systemd as process 1 of its own namespaces, on a root directory of its own in memory.</summary>
/// <remarks>
/// Of the machine it sees /usr, read-only, the program under test and a few devices. It cannot do harm elsewhere: the
/// script that becomes systemd looks first that no mount is shared with the machine, and that none of the machine's is
/// left.
/// </remarks>
internal sealed class SystemdNamespace : IDisposable
{
    private const string Programs = "/opt/persistfs", Systemd = "/usr/lib/systemd/systemd";

    /// <summary>
    /// $1: an empty directory; $2: the program's directory; $3: files for /etc; $4: a directory for /var/lib.
    /// </summary>
    private const string Script = """
        set -euo pipefail
        if [ $$ != 1 ]; then echo 'this is not process 1' >&2; exit 1; fi
        if grep -E ' (shared|master):' /proc/self/mountinfo >&2; then echo 'these mounts are shared' >&2; exit 1; fi
        mount -t tmpfs -o mode=755 persistfs-systemd "$1"
        cd "$1"
        mkdir -p usr proc sys dev/shm run tmp var/lib var/log mnt root opt/persistfs old
        cp -r "$3" etc
        cp /etc/passwd /etc/group etc/
        ln -s usr/bin usr/sbin usr/lib usr/lib64 .
        mount --bind /usr usr
        mount -o remount,bind,ro usr
        mount --bind "$2" opt/persistfs
        mount -o remount,bind,ro opt/persistfs
        mount --bind "$4" var/lib
        for device in null zero full random urandom fuse; do
            touch dev/$device
            mount --bind /dev/$device dev/$device
        done
        mount -t proc proc proc
        mount -t sysfs sysfs sys
        mount -t cgroup2 cgroup sys/fs/cgroup
        pivot_root . old
        umount -l /old
        ours='/|/(usr|opt/persistfs|var/lib|proc|sys|sys/fs/cgroup|dev/[a-z]+)'
        if cut -d' ' -f5 /proc/self/mountinfo | grep -vxE "$ours" >&2; then
            echo 'these mounts of the machine are left' >&2; exit 1
        fi
        exec env -i container=other PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 /usr/lib/systemd/systemd --system \
            --unit=test.target --show-status=no systemd.unified_cgroup_hierarchy=1
        """;

    private static readonly Lazy<string?> LazyMissing = new(FindMissing);

    private readonly string home = Directory.CreateTempSubdirectory("persistfs-systemd-").FullName;
    private readonly string group;
    private readonly Process outer;
    private readonly int first;

    /// <param name="state">A directory that is its /var/lib, and outlives it; one of its own when null.</param>
    public SystemdNamespace(string? state = null)
    {
        group = Path.Combine(ControlGroups()!, Path.GetFileName(home));
        Directory.CreateDirectory(group);
        Directory.CreateDirectory(Path.Combine(home, "root"));
        WriteSettings(Path.Combine(home, "etc"));
        string program = new FileInfo(ProductBinary.Path).ResolveLinkTarget(returnFinalTarget: true)?.FullName
            ?? ProductBinary.Path;
        outer = Tool.Start("/", "bash", ["-c", "echo $$ >\"$1/cgroup.procs\" && shift && exec \"$@\"", "bash", group,
            .. Unshare, "bash", "-c", Script, "bash", Path.Combine(home, "root"), Path.GetDirectoryName(program)!,
            Path.Combine(home, "etc"), state ?? Directory.CreateDirectory(Path.Combine(home, "state")).FullName]);
        HeldTree.Await("systemd", () => outer.HasExited || Answers());
        if (outer.HasExited) Assert.Fail($"no systemd: {outer.StandardError.ReadToEnd()}");
        first = FirstProcess()!.Value;
    }

    /// <summary>Why there can be none here, or null.</summary>
    public static string? Missing => LazyMissing.Value;

    private static string[] Unshare { get; } =
    [
        "unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--fork", "--kill-child",
        "--propagation", "private",
    ];

    /// <summary>How a process outside sees a path inside.</summary>
    public string At(string path) => $"/proc/{first}/root{path}";

    /// <summary>Runs a program inside; it has to succeed.</summary>
    public string Run(string program, params string[] arguments)
    {
        ToolResult result = Try(program, arguments);
        if (result.ExitCode == 0) return result.Output;
        string log = At("/var/log/tree.log");
        string told = File.Exists(log) ? File.ReadAllText(log) : "";
        throw new Xunit.Sdk.XunitException($"{program} {string.Join(' ', arguments)}: {result}\n{told}");
    }

    /// <summary>Runs the program under test inside; it has to succeed.</summary>
    public string RunProduct(params string[] arguments) => Run($"{Programs}/persistfs", arguments);

    /// <summary>Has the machine go down for a target, as systemctl(1) does it, and waits for its end.</summary>
    /// <param name="target">kexec.target, poweroff.target and the like.</param>
    public void GoDown(string target)
    {
        Run("systemctl", "start", "--no-block", "--job-mode=replace-irreversibly", target);
        Assert.True(outer.WaitForExit(TimeSpan.FromSeconds(60)), $"{target}: the machine does not go down");
    }

    public ToolResult Try(string program, params string[] arguments) =>
        Tool.Try("nsenter", ["-t", $"{FirstProcess()}", "-p", "-m", "-C", "-u", "-i", program, .. arguments]);

    public void Dispose()
    {
        // With unshare its child is killed, with that process 1, and with it everything inside.
        if (!outer.HasExited) outer.Kill();
        outer.WaitForExit();
        outer.Dispose();
        HeldTree.Await("end of all processes", TryRemoveGroups);
        Directory.Delete(home, recursive: true);
    }

    private static void WriteSettings(string place)
    {
        string units = Path.Combine(place, "systemd/system");
        Directory.CreateDirectory(Path.Combine(units, "persistfs@.service.d"));
        Directory.CreateDirectory(Path.Combine(place, "persistfs"));
        foreach (string unit in Directory.EnumerateFiles(Path.Combine(ProductBinary.RepositoryRoot, "systemd"), "*.*")
            .Where(path => path.EndsWith(".service") || path.EndsWith(".target")))
        {
            string text = File.ReadAllText(unit).Replace("/usr/bin/", Programs + "/");
            File.WriteAllText(Path.Combine(units, Path.GetFileName(unit)), text);
        }

        // Hosted by the runtime, code is made while it runs.
        bool isHosted = File.Exists(Path.Combine(Path.GetDirectoryName(ProductBinary.Path)!, "persistfs.dll"));
        File.WriteAllText(Path.Combine(units, "persistfs@.service.d/test.conf"),
            "[Service]\nStandardOutput=append:/var/log/tree.log\nStandardError=inherit\n"
            + $"MemoryDenyWriteExecute={(isHosted ? "no" : "yes")}\n");
        File.WriteAllText(Path.Combine(units, "test.target"), "[Unit]\nDefaultDependencies=no\n");
        File.WriteAllText(Path.Combine(place, "machine-id"), Guid.NewGuid().ToString("n") + "\n");
        File.WriteAllText(Path.Combine(place, "persistfs/mnt-tree.env"),
            "PERSISTFS_ARENA=/mnt/arena\nPERSISTFS_SIZE=64M\n");
    }

    private bool Answers() =>
        FirstProcess() is not null && Try("systemctl", "is-system-running").Output.Trim() is "running" or "degraded";

    private int? FirstProcess()
    {
        try
        {
            string[] children = File.ReadAllText($"/proc/{outer.Id}/task/{outer.Id}/children").Split(' ');
            return children[0].Length == 0 ? null : int.Parse(children[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private bool TryRemoveGroups()
    {
        try
        {
            foreach (string inner in Directory.EnumerateDirectories(group, "*", SearchOption.AllDirectories)
                .OrderByDescending(path => path.Length))
            {
                Directory.Delete(inner);
            }

            Directory.Delete(group);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? FindMissing()
    {
        string? missing = Requirements.Missing("unshare nsenter systemctl pivot_root", productOnly: true);
        if (missing != null) return missing;
        if (!File.Exists(Systemd)) return $"needs {Systemd} (tests/install brings it)";
        if (ControlGroups() is not { } groups) return "needs cgroup2 mounted";
        string probe = Path.Combine(groups, $"persistfs-probe-{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"needs a writable cgroup2: {exception.Message}";
        }

        ToolResult result = Tool.Try(Unshare[0], [.. Unshare[1..], "mount", "-t", "tmpfs", "none", "/mnt"]);
        return result.ExitCode == 0 ? null : $"needs namespaces: {result.Error.Trim()}";
    }

    /// <summary>Where the unified hierarchy is mounted.</summary>
    private static string? ControlGroups() => File.ReadLines("/proc/mounts").Select(line => line.Split(' '))
        .FirstOrDefault(fields => fields[2] == "cgroup2")?[1];
}
