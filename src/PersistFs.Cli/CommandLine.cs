using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using PersistFs.Cli.Commands;
using PersistFs.Cli.Output;

namespace PersistFs.Cli;

/// <summary>The verbs, and what they have in common: help with examples, errors with a next step.</summary>
internal static class CommandLine
{
    public static ExitCode Run(string[] arguments)
    {
        if (arguments is ["mount-helper", .. string[] rest]) return MountHelper.Run(rest);
        RootCommand root = Build();
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        string verb = VerbOf(parsed.CommandResult);
        if (parsed.Action is ParseErrorAction)
        {
            string cause = string.Join(" ", parsed.Errors.Select(error => error.Message));
            return ErrorOutput.Write(
                verb, ExitCode.Usage, cause, $"see: persistfs {verb}{(verb == "" ? "" : " ")}--help");
        }
        InvocationConfiguration invocation = new() { EnableDefaultExceptionHandler = false };
        return ErrorOutput.Guard(verb, () => (ExitCode)parsed.Invoke(invocation));
    }

    /// <summary>As it was called: "up", "kexec prepare"; "" for none.</summary>
    private static string VerbOf(CommandResult result) => result.Command is RootCommand
        ? ""
        : result.Parent is CommandResult parent
            ? $"{VerbOf(parent)} {result.Command.Name}".TrimStart()
            : result.Command.Name;

    private static RootCommand Build()
    {
        RootCommand root = new(
            "PersistFS: a file system in memory whose contents outlive the process that serves it.")
        {
            UpCommand.Create(),
            DownCommand.Create(),
            UpgradeCommand.Create(),
            StatusCommand.Create(),
            TopCommand.Create(),
            DoctorCommand.Create(),
            SaveCommand.Create(),
            RestoreCommand.Create(),
            CheckCommand.Create(),
            DumpCommand.Create(),
            FormatCommand.Create(),
            ServeCommand.Create(),
            MountCommand.Create(),
            UnmountCommand.Create(),
            KexecCommand.Create(),
        };
        foreach (HelpOption help in root.Options.OfType<HelpOption>()) help.Action = new HelpWithExamples(help.Action!);
        return root;
    }

    /// <summary>The usual help, then the command's examples.</summary>
    private sealed class HelpWithExamples(CommandLineAction inner) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = ((SynchronousCommandLineAction)inner).Invoke(parseResult);
            if (Examples.Of(parseResult.CommandResult.Command.Name) is { Length: > 0 } text)
            {
                parseResult.InvocationConfiguration.Output.WriteLine(text);
            }
            return code;
        }
    }
}
