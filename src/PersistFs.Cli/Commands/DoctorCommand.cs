using System.CommandLine;
using PersistFs.Server;
using PersistFs.Server.Doctor;

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
        foreach (Diagnosis diagnosis in Physician.Examine(report))
        {
            string word = diagnosis.Verdict switch
            {
                Verdict.Holds => "ok  ",
                Verdict.Note => "note",
                _ => "NO  ",
            };
            isWell &= diagnosis.Verdict != Verdict.Fails;
            Console.Out.WriteLine($"{word}  {diagnosis.Promise.PadRight(PromiseWidth)}{diagnosis.Reason}");
            if (diagnosis.NextStep is { } step) Console.Out.WriteLine($"      {"".PadRight(PromiseWidth)}next: {step}");
        }
        return isWell ? ExitCode.Success : ExitCode.Findings;
    }
}
