using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Health;
using PersistFs.Server.Status;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs doctor [MNT|ARENA]`: which promises hold here, and why not.</summary>
internal static class DoctorCommand
{
    private const int PromiseWidth = 16;

    public static Command Create()
    {
        Argument<string?> target = new("TARGET")
        {
            Description = "A mount point or an arena. Otherwise the machine alone.",
            HelpName = "MNT|ARENA",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Command command = new("doctor", "Say which promises hold on this machine, for this tree, and why not.")
        {
            target,
        };
        command.SetAction(parsed => (int)Run(parsed.GetValue(target)));
        return command;
    }

    private static ExitCode Run(string? target)
    {
        StatusReport? report = target is null ? null : StatusCommand.Find(target);
        bool isWell = true;
        foreach (HealthCheck diagnosis in HealthChecks.Examine(report))
        {
            string word = diagnosis.Status switch
            {
                HealthStatus.Holds => "ok  ",
                HealthStatus.Note => "note",
                _ => "NO  ",
            };
            isWell &= diagnosis.Status != HealthStatus.Fails;
            Console.Out.WriteLine($"{word}  {diagnosis.Promise.PadRight(PromiseWidth)}{diagnosis.Reason}");
            if (diagnosis.NextStep is { } step) Console.Out.WriteLine($"      {"".PadRight(PromiseWidth)}next: {step}");
        }
        return isWell ? ExitCode.Success : ExitCode.Findings;
    }
}
