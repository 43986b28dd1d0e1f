using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PersistFs.Cli.Output;
using PersistFs.Server.Failures;
using PersistFs.Server.Kexec;
using PersistFs.Server.Status;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs kexec finish [MNT]`: takes up again what was made ready before the kexec.</summary>
internal static class KexecFinishCommand
{
    public static Command Create()
    {
        Argument<string?> mountPoint = new("MNT")
        {
            Description = "A mount point. Otherwise all that were made ready, and what pkram= names.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = KexecCommand.JsonOption();
        Command command = new("finish", "After the kexec: mount what was mounted, and say what came back.")
        {
            mountPoint, json,
        };
        command.SetAction(parsed => (int)Run(parsed.GetValue(mountPoint), parsed.GetValue(json)));
        return command;
    }

    private static ExitCode Run(string? mountPoint, bool isJson)
    {
        List<FinishedTree> trees = [];
        string? path = mountPoint is null ? null : Path.GetFullPath(mountPoint);
        IReadOnlyList<KexecRecord> records = KexecFinish.FindRecords(path, trees);
        if (path is not null && records.Count + trees.Count == 0)
        {
            throw new FailureException(
                FailureKind.NotReturned, $"{path}: nothing says that a tree was mounted there",
                "take it up with: persistfs up, and name its arena");
        }
        if (records.Count + trees.Count == 0 && !isJson)
        {
            Console.Out.WriteLine("nothing was made ready for kexec, and no pkram= is given");
        }
        foreach (FinishedTree tree in trees) Tell(tree, isJson);
        KexecFinish taking = new();
        foreach (KexecRecord record in records)
        {
            trees.Add(taking.Run(record));
            Tell(trees[^1], isJson);
        }
        return trees.TrueForAll(tree => tree.IsBack) ? ExitCode.Success : ExitCode.NotReturned;
    }

    private static void Tell(FinishedTree tree, bool isJson)
    {
        if (isJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(tree, KexecJson.Default.FinishedTree));
            return;
        }
        if (!tree.IsBack)
        {
            string nextStep = tree.NextStep ?? "see: persistfs doctor";
            ErrorOutput.Write("kexec finish", ExitCode.NotReturned, tree.Outcome, nextStep);
        }
        else
        {
            string inodes = tree.InodesUsed is { } count ? Invariant($", {count:N0} inodes") : "";
            string time = tree.Milliseconds is { } milliseconds ? Invariant($" in {milliseconds:0.#} ms") : "";
            Console.Out.WriteLine($"{tree.MountPoint}: {tree.Outcome}{time}{inodes} ({tree.Arena})");
        }
        foreach (string note in tree.Notes) Console.Out.WriteLine($"  note: {note}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
