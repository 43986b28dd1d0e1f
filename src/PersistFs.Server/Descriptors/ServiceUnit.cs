using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace PersistFs.Server.Descriptors;

/// <summary>The systemd unit that a process belongs to.</summary>
public static class ServiceUnit
{
    private const int AnswerLimitInMilliseconds = 5000;

    /// <summary>Its name by the process's control group; null for a process of no service.</summary>
    public static string? Of(int processId)
    {
        try
        {
            // 0::/system.slice/system-persistfs.slice/persistfs@mnt-pkram.service
            return File.ReadLines($"/proc/{processId}/cgroup")
                .Select(line => line[(line.LastIndexOf('/') + 1)..])
                .FirstOrDefault(name => name.EndsWith(".service", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether this process is told to stop in order to be started again.</summary>
    public static bool IsOwnBeingRestarted() =>
        Of(Environment.ProcessId) is { } unit && IsRestart(Ask("list-jobs", "--no-legend", "--plain", "--", unit));

    /// <summary>systemctl restart.</summary>
    /// <returns>Null when the unit is ready again; else what systemctl said.</returns>
    public static string? Restart(string unit)
    {
        using Process? process = Start("restart", "--", unit);
        if (process is null) return "systemctl cannot be run";
        string complaint = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : complaint;
    }

    /// <summary>Whether what the unit has stored stays when it is stopped (FileDescriptorStorePreserve=).</summary>
    internal static bool KeepsStoreWhenStopped(string unit) =>
        Ask("show", "--property=FileDescriptorStorePreserve", "--value", "--", unit).Trim() == "yes";

    /// <summary>
    /// How many descriptors are stored for the unit of this process at most; null where systemd does not say.
    /// </summary>
    internal static int? StoreMaxOfOwn() =>
        Of(Environment.ProcessId) is { } unit
            && int.TryParse(Ask("show", "--property=FileDescriptorStoreMax", "--value", "--", unit).Trim(),
                NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? count : null;

    /// <summary>The version of systemd; null where there is none.</summary>
    internal static int? Version() => ParseVersion(Ask("--version"));

    /// <summary>Reads "systemd 252 (252.39-1~deb12u1)".</summary>
    internal static int? ParseVersion(string text)
    {
        string[] words = text.Split([' ', '\n', '.', '~'], StringSplitOptions.RemoveEmptyEntries);
        bool isRead = words is ["systemd", var number, ..];
        return isRead && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            ? version : null;
    }

    /// <summary>Has systemd close what a stopped unit has stored.</summary>
    internal static void CleanStore(string unit) => _ = Ask("clean", "--what=fdstore", "--", unit);

    /// <summary>Whether the machine is on its way to another kernel by kexec.</summary>
    public static bool IsKexecUnderWay() => IsStart(Ask("list-jobs", "--no-legend", "--plain"), "kexec.target");

    /// <summary>Whether among jobs of `systemctl list-jobs` there is the start of a unit.</summary>
    internal static bool IsStart(string jobs, string unit) =>
        jobs.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields.Length >= 3 && fields[1] == unit && fields[2] == "start");

    /// <summary>Whether a job of `systemctl list-jobs` ("12 NAME.service restart running") is a restart.</summary>
    internal static bool IsRestart(string jobs) =>
        jobs.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields.Length >= 3 && fields[2] is "restart" or "try-restart");

    private static string Ask(params string[] arguments)
    {
        using Process? process = Start(arguments);
        if (process is null) return "";
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        return output.Wait(AnswerLimitInMilliseconds) ? output.Result : "";
    }

    private static Process? Start(params string[] arguments)
    {
        ProcessStartInfo start = new("systemctl", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
