using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PersistFs.Cli.Output;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Kexec;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;
using Spectre.Console;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs kexec prepare [MNT]`: makes trees ready for another kernel.</summary>
internal static class KexecPrepareCommand
{
    private static readonly Option<string?> Image = new("--image")
    {
        Description = "Where to save an arena that ends with this kernel: a file, or a directory for all trees.",
        HelpName = "FILE|DIR",
    };

    private static readonly Option<string?> Wait = new("--wait")
    {
        Description = "How long a client that changes something waits until it gets EBUSY (10s).",
        HelpName = "TIME",
    };

    private static readonly Option<string?> Window = new("--window")
    {
        Description = "How long the trees stay frozen if nothing happens (5m).",
        HelpName = "TIME",
    };

    private static readonly Option<string?> Load = new("--load")
    {
        Description = "Load this kernel by kexec_file_load, with the command line of the one that runs.",
        HelpName = "KERNEL",
    };

    private static readonly Option<string?> Initrd = new("--initrd")
    {
        Description = "Its initial file system.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Append = new("--append")
    {
        Description = "What to add to its command line.",
        HelpName = "ARGS",
    };

    private static readonly Option<bool> AtShutdown = new("--at-shutdown")
    {
        Description = "For the unit: do nothing unless the machine goes down for kexec, or where nothing is served.",
    };

    public static Command Create()
    {
        Argument<string?> mountPoint = KexecCommand.MountPointArgument();
        Option<bool> json = KexecCommand.JsonOption();
        Command command = new(
            "prepare", "Make trees ready: flush while clients go on, freeze, verify, say what survives.")
        {
            mountPoint, Image, Wait, Window, Load, Initrd, Append, AtShutdown, json,
        };
        command.SetAction(parsed => (int)Run(parsed, parsed.GetValue(mountPoint), parsed.GetValue(json)));
        return command;
    }

    private static ExitCode Run(ParseResult parsed, string? mountPoint, bool isJson)
    {
        PrepareOptions options = new()
        {
            Image = parsed.GetValue(Image) is { } file ? Path.GetFullPath(file) : null,
            Wait = Duration("--wait", parsed.GetValue(Wait)) ?? new PrepareOptions().Wait,
            Window = Duration("--window", parsed.GetValue(Window)) ?? new PrepareOptions().Window,
        };
        bool isAtShutdown = parsed.GetValue(AtShutdown);
        if (isAtShutdown && !ServiceUnit.IsKexecUnderWay()) return ExitCode.Success;
        if (isAtShutdown && StatusClient.AskAll().Count == 0) return ExitCode.Success;
        IReadOnlyList<StatusReport> reports = KexecCommand.Served(mountPoint);
        // What can be refused before anything is done is refused first.
        List<(StatusReport Report, RoutePlan Plan)> planned =
            [.. reports.Select(report => (report, Plan(report, options)))];
        RequireImages(planned);
        if (parsed.GetValue(Load) is { } kernel) LoadKernel(parsed, kernel, planned, isJson);
        else if (parsed.GetValue(Initrd) is not null || parsed.GetValue(Append) is not null)
        {
            throw new FailureException(
                FailureKind.Usage, "--initrd, --append: there is no --load", "name the kernel with --load");
        }
        List<KexecPrepare> preparations = [];
        try
        {
            foreach ((StatusReport report, RoutePlan plan) in planned)
            {
                preparations.Add(new KexecPrepare(report, plan, options));
            }
            WithBar(preparations);
            bool isWhole = true;
            foreach (KexecPrepare preparation in preparations) isWhole &= Tell(preparation.Finish(), isJson);
            return isWhole ? ExitCode.Success : ExitCode.InputOutput;
        }
        catch (FailureException)
        {
            Undo(planned);
            throw;
        }
        finally
        {
            preparations.ForEach(preparation => preparation.Dispose());
        }
    }

    private static RoutePlan Plan(StatusReport report, PrepareOptions options)
    {
        if (report.State is not (ServerState.Serving or ServerState.Frozen))
        {
            throw new FailureException(FailureKind.NothingSurvives,
                $"{report.MountPoint}: the tree is {report.State.ToWord()}",
                $"look at the arena with: persistfs check {report.Arena}");
        }
        // In a directory each tree has an image of its own, named as the timer's.
        string? image = options.Image is { } path && Directory.Exists(path)
            ? Path.Combine(path, RuntimePaths.Escape(report.MountPoint!) + ".image") : options.Image;
        RoutePlan plan = RouteChooser.Choose(report, image);
        if (plan.Route != KexecRoute.None) return plan;
        throw new FailureException(FailureKind.NothingSurvives,
            $"{report.MountPoint}: nothing would survive: {plan.Reason}", plan.NextStep!);
    }

    /// <summary>One file holds one image.</summary>
    private static void RequireImages(List<(StatusReport Report, RoutePlan Plan)> planned)
    {
        foreach (IGrouping<string?, RoutePlan> users in planned.Select(tree => tree.Plan).GroupBy(plan => plan.Image))
        {
            if (users.Key is null || users.Count() == 1) continue;
            throw new FailureException(FailureKind.Usage,
                $"--image: {users.Key} cannot hold the images of {users.Count()} trees",
                "name a directory, or one MNT");
        }
    }

    private static void LoadKernel(
        ParseResult parsed, string kernel, List<(StatusReport Report, RoutePlan Plan)> planned, bool isJson)
    {
        string append = parsed.GetValue(Append) ?? "";
        KernelCommandLine next = new(KernelCommandLine.Running.ForNext(append));
        LoadedKernel loaded = KexecKernel.Load(
            Path.GetFullPath(kernel), parsed.GetValue(Initrd) is { } initrd ? Path.GetFullPath(initrd) : null,
            string.Join(' ', [append, .. PkramParameter.Missing(planned, next)]));
        if (!isJson) Console.Out.WriteLine($"{loaded.Kernel}: loaded, with the command line: {loaded.CommandLine}");
    }

    /// <summary>The work itself, with bars where somebody looks at a terminal.</summary>
    private static void WithBar(List<KexecPrepare> preparations)
    {
        if (Console.IsErrorRedirected)
        {
            foreach (KexecPrepare preparation in preparations) preparation.WorkOnline(onProgress: null);
            foreach (KexecPrepare preparation in preparations) preparation.Freeze(onProgress: null);
            return;
        }
        IAnsiConsole terminal = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        terminal.Progress().AutoClear(true).Start(progress =>
        {
            foreach (KexecPrepare preparation in preparations)
            {
                ProgressTask task = progress.AddTask("flush");
                preparation.WorkOnline((done, total) =>
                {
                    task.MaxValue = Math.Max(total, 1);
                    task.Value = done;
                });
                task.Value = task.MaxValue;
            }
            foreach (KexecPrepare preparation in preparations)
            {
                ProgressTask task = progress.AddTask("freeze");
                preparation.Freeze(step =>
                {
                    task.Description = Markup.Escape(step.Phase);
                    task.MaxValue = step.TotalBytes;
                    task.Value = step.DoneBytes;
                });
                task.Value = task.MaxValue;
            }
        });
    }

    /// <summary>Where one tree cannot be made ready, all go on.</summary>
    private static void Undo(List<(StatusReport Report, RoutePlan Plan)> planned)
    {
        foreach ((StatusReport report, _) in planned)
        {
            try
            {
                KexecPrepare.Abort(report.MountPoint!);
            }
            catch (FailureException failure)
            {
                Console.Error.WriteLine($"persistfs kexec prepare: {failure.Message}");
            }
        }
    }

    /// <returns>False where pages of files could not be brought to the arena.</returns>
    private static bool Tell(PreparedTree tree, bool isJson)
    {
        if (isJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(tree, KexecJson.Default.PreparedTree));
            return tree.FilesFailed.Count == 0;
        }
        Console.Out.WriteLine($"{tree.MountPoint}: ready: {tree.Reason}");
        Line("flushed", Invariant($"{tree.FilesFlushed:N0} files of {tree.FilesInUse:N0} looked at, ")
            + Invariant($"in {tree.OnlineMilliseconds / 1000:0.0} s while clients went on"));
        foreach (string file in tree.FilesFailed) Line("NOT flushed", file);
        Line("frozen", Invariant($"and verified in {tree.FreezeMilliseconds:0.##} ms; ")
            + Invariant($"who changes something waits {tree.WaitSeconds:0.#} s, then gets EBUSY"));
        Line("survives", "every call that has returned, and what it wrote; names, links, attributes, sparse files");
        Line("does not", tree.LosesLaterWrites
            ? "open files, locks, files without names; and what is written from now on: it is in this kernel's cache"
            : "open files, locks, files without names; stores through mappings from now on");
        Line("next", Invariant($"systemctl kexec, or persistfs kexec abort; ")
            + Invariant($"after {tree.WindowSeconds:0} s it thaws by itself"));
        foreach (string note in tree.Notes) Line("note", note);
        return tree.FilesFailed.Count == 0;
    }

    private static void Line(string name, string text) => Console.Out.WriteLine($"  {name,-12}{text}");

    private static TimeSpan? Duration(string option, string? text) => text is null ? null
        : DurationText.TryParse(text, out TimeSpan duration) ? duration
        : throw new FailureException(
            FailureKind.Usage, $"{option}: \"{text}\" is no duration", "give 10s, 500ms or 5m");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
