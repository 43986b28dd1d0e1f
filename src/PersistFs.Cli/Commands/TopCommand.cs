using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PersistFs.Cli.Output;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;
using Spectre.Console;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs top [MNT|ARENA]`: what servers do a second, again and again.</summary>
internal static class TopCommand
{
    private const double SecondsMin = 0.1;
    private const double SecondsMax = 3600;
    private const int KeyPollInMilliseconds = 50;

    public static Command Create()
    {
        Argument<string?> target = new("TARGET")
        {
            Description = "A mount point or an arena. Otherwise all that is served.",
            HelpName = "MNT|ARENA",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> once = new("--once") { Description = "Look for one interval, and end." };
        Option<bool> json = new("--json") { Description = "For programs: one JSON object a line." };
        Option<string> interval = new("--interval", "-i")
        {
            Description = "How long to look each time, in seconds (1).",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => "1",
        };
        Command command = new("top", "Show what a server does a second, by kind of request.")
        {
            target,
            once,
            json,
            interval,
        };
        command.SetAction(parsed =>
        {
            TimeSpan time = Interval(parsed.GetValue(interval)!);
            bool isJson = parsed.GetValue(json);
            bool isOnce = parsed.GetValue(once) || (!isJson && Console.IsOutputRedirected);
            Run(parsed.GetValue(target), time, isOnce, isJson);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static TimeSpan Interval(string text)
    {
        bool isNumber = double.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds);
        return isNumber && seconds is >= SecondsMin and <= SecondsMax
            ? TimeSpan.FromSeconds(seconds)
            : throw new FailureException(FailureKind.Usage, $"--interval {text}: that is no time to look for",
                "give seconds from 0.1 to 3600, as in 0.5 or 10");
    }

    private static void Run(string? target, TimeSpan interval, bool isOnce, bool isJson)
    {
        using ManualResetEventSlim ended = new();
        Console.CancelKeyPress += (_, arguments) =>
        {
            arguments.Cancel = true;
            ended.Set();
        };
        IReadOnlyList<StatusReport> before = Ask(target);
        if (before.Count == 0) throw NotServed(target);
        if (isOnce || isJson)
        {
            do
            {
                if (Wait(interval, ended, watchesKeys: false)) return;
                Print(before, before = Ask(target), isJson);
                if (before.Count == 0) throw NotServed(target);
            }
            while (!isOnce);
            return;
        }
        AnsiConsole.Live(View(before, before)).AutoClear(true).Start(context =>
        {
            context.Refresh();
            while (!Wait(interval, ended, watchesKeys: !Console.IsInputRedirected))
            {
                IReadOnlyList<StatusReport> now = Ask(target);
                // Between two servers nobody answers for a moment; what was seen last stays.
                if (now.Count == 0 && !IsMounted(before)) throw NotServed(target);
                if (now.Count == 0) continue;
                context.UpdateTarget(View(before, now));
                before = now;
            }
        });
    }

    private static IReadOnlyList<StatusReport> Ask(string? target) => target is null
        ? StatusClient.AskAll()
        : StatusClient.Find(target) is { } report ? [report] : [];

    private static bool IsMounted(IReadOnlyList<StatusReport> reports) =>
        reports.Any(report => report.Connection is { } connection && MountPoint.AllOf(connection).Count > 0);

    private static FailureException NotServed(string? target) => new(FailureKind.NotMounted,
        $"{target ?? RuntimePaths.Base}: no server of this user answers{(target is null ? "" : " for it")}",
        "start one with: persistfs up MNT");

    /// <summary>Waits for the end of the interval.</summary>
    /// <returns>True when it is time to end: Ctrl-C, or the key q.</returns>
    private static bool Wait(TimeSpan interval, ManualResetEventSlim ended, bool watchesKeys)
    {
        if (!watchesKeys) return ended.Wait(interval);
        for (TimeSpan waited = default; waited < interval; waited += TimeSpan.FromMilliseconds(KeyPollInMilliseconds))
        {
            if (ended.Wait(KeyPollInMilliseconds)) return true;
            if (Console.KeyAvailable && Console.ReadKey(intercept: true).Key == ConsoleKey.Q) return true;
        }
        return false;
    }

    private static void Print(IReadOnlyList<StatusReport> before, IReadOnlyList<StatusReport> now, bool isJson)
    {
        if (!isJson)
        {
            AnsiConsole.Write(View(before, now));
            return;
        }
        foreach (StatusReport report in now)
        {
            if (Rates(before, report) is not { } rates) continue;
            Console.Out.WriteLine(JsonSerializer.Serialize(rates, StatusJson.Default.StatusRates));
        }
    }

    private static Rows View(IReadOnlyList<StatusReport> before, IReadOnlyList<StatusReport> now) =>
        new Rows(now.Select(report => TopView.Render(report, Rates(before, report))));

    private static StatusRates? Rates(IReadOnlyList<StatusReport> before, StatusReport now) =>
        before.FirstOrDefault(report => report.Uuid == now.Uuid) is { } earlier
            ? StatusRates.Between(earlier, now)
            : null;
}
