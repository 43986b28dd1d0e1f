using System.Runtime.CompilerServices;
using PersistFs.Fuse.Abi;

namespace PersistFs.Fuse.Tests.Dispatch;

/// <summary>PROTOCOL.md shows the rows of the opcodes as they are in the code.</summary>
public sealed class ProtocolPageTests
{
    private const string Heading =
        "| opcode | reply | changes the tree | may take long | recalled as | awaits room | served |";

    [Fact]
    public void The_page_has_every_row_as_the_code_has_it()
    {
        IEnumerable<string> shown = File.ReadLines(PagePath())
            .SkipWhile(line => line != Heading).Skip(2).TakeWhile(line => line.StartsWith('|'));

        Assert.Equal(Opcodes.All.ToArray().Select(Line), shown);
    }

    private static string Line(OpcodeTraits row)
    {
        string reply = row.Reply switch
        {
            ReplyShape.None => "-",
            ReplyShape.EntryAndOpen => "entry and open",
            ReplyShape.OpenDirectory => "open directory",
            _ => row.Reply.ToString().ToLowerInvariant(),
        };
        string changes = row.Changes switch
        {
            TreeChange.Never => "-",
            TreeChange.WithInput => "with input",
            _ => "always",
        };
        string recalled = row.Recall == RecalledReply.None ? "-" : row.Recall.ToString().ToLowerInvariant();
        return $"| {row.Name} | {reply} | {changes} | {Yes(row.MayTakeLong)} | {recalled} | {Yes(row.AwaitsRoom)} "
            + $"| {Yes(row.IsServed)} |";
    }

    private static string Yes(bool value) => value ? "yes" : "-";

    private static string PagePath([CallerFilePath] string here = "") => Path.GetFullPath(
        Path.Combine(Path.GetDirectoryName(here)!, "../../../src/PersistFs.Fuse/PROTOCOL.md"));
}
