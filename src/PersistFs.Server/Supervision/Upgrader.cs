using System.Net.Sockets;
using System.Text;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Supervision;

/// <summary>Has the supervisor of a mount, or systemd, start another server.</summary>
public static class Upgrader
{
    /// <summary>Has another server take the mount over, and returns when it serves.</summary>
    /// <param name="mountPoint">The mount point, as the kernel writes it.</param>
    /// <param name="program">The new server's program; null for the one that is there.</param>
    /// <exception cref="FailureException">NotMounted, NotHeld, UpgradeFailed.</exception>
    public static void Run(string mountPoint, string? program)
    {
        if (program is not null && !File.Exists(program))
        {
            throw new FailureException(
                FailureKind.Usage, $"--exec: {program} does not exist", "name the new program's file");
        }
        StatusReport report = StatusClient.Find(mountPoint)
            ?? throw new FailureException(
                FailureKind.NotMounted, $"{mountPoint}: no server of this user answers for it",
                "see what is served with: persistfs status");
        if (report.Store == DescriptorStoreKind.Systemd) RestartUnit(mountPoint, report, program);
        else AskSupervisor(report.MountPoint ?? mountPoint, program);
    }

    private static void RestartUnit(string mountPoint, StatusReport report, string? program)
    {
        string? unit = report.ProcessId is { } processId ? ServiceUnit.Of(processId) : null;
        if (unit is null)
        {
            throw new FailureException(FailureKind.NotHeld, $"{mountPoint}: its server belongs to no unit of systemd",
                "restart it with whatever has started it");
        }
        if (program is not null)
        {
            throw new FailureException(FailureKind.Usage,
                $"--exec: {mountPoint} is served by {unit}, which names its program itself",
                $"change ExecStart= of the unit, then: systemctl daemon-reload, systemctl restart {unit}");
        }
        if (ServiceUnit.Restart(unit) is not { } complaint) return;
        throw new FailureException(FailureKind.UpgradeFailed,
            $"{mountPoint}: systemctl restart {unit} failed: {complaint}",
            $"look into its log with: journalctl -u {unit}");
    }

    private static void AskSupervisor(string mountPoint, string? program)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(RuntimePaths.ControlSocketOf(mountPoint)));
        }
        catch (SocketException)
        {
            throw new FailureException(FailureKind.NotHeld,
                $"{mountPoint}: no supervisor holds its connection, so no server can take it over",
                $"stop its users, then: persistfs down {mountPoint}, persistfs up {mountPoint}");
        }
        socket.Send(Encoding.UTF8.GetBytes($"{SupervisorVerb.Upgrade}\t{program}\n"));
        using StreamReader reader = new(new NetworkStream(socket), Encoding.UTF8);
        string[] answer = reader.ReadLine()?.Split('\t') ?? [];
        if (answer is [SupervisorVerb.Ready]) return;
        (string cause, string nextStep) = answer is [SupervisorVerb.Fail, var message, var step]
            ? (message, step)
            : ("the supervisor gave no answer", $"see how the mount is with: persistfs status {mountPoint}");
        throw new FailureException(FailureKind.UpgradeFailed, cause, nextStep);
    }
}
