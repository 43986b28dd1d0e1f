using System.Runtime.InteropServices;
using PersistFs.Engine.Image;
using Spectre.Console;

namespace PersistFs.Cli.Output;

/// <summary>Work on an image: a bar where somebody looks at a terminal; a signal ends it and undoes it.</summary>
internal static class ProgressDisplay
{
    /// <summary>Does the work; SIGINT and SIGTERM cancel it.</summary>
    public static ImageReport Run(Func<Action<ImageProgress>?, CancellationToken, ImageReport> work)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using PosixSignalRegistration ended = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return Console.IsErrorRedirected ? work(null, stop.Token) : WithBar(progress => work(progress, stop.Token));

        void OnSignal(PosixSignalContext context)
        {
            // The second one ends the process at once.
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    private static ImageReport WithBar(Func<Action<ImageProgress>, ImageReport> work)
    {
        ImageReport? report = null;
        IAnsiConsole terminal = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        ProgressColumn[] columns =
        [
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new TransferSpeedColumn(),
            new RemainingTimeColumn(),
        ];
        terminal.Progress().AutoClear(true).Columns(columns).Start(bars =>
        {
            ProgressTask? task = null;
            report = work(step =>
            {
                // Another phase, another bar: the rate is that of the phase.
                if (task is null || task.Description != step.Phase)
                {
                    task?.StopTask();
                    task = bars.AddTask(step.Phase, maxValue: step.TotalBytes);
                }
                task.Value = step.DoneBytes;
            });
        });
        return report!;
    }
}
