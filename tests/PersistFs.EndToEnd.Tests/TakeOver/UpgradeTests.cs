namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Planned upgrades, those that succeed and those that must not harm.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class UpgradeTests : IDisposable
{
    private const int Failed = 27;

    /// <summary>Tells the keeper that a new server is ready to take over, without being one.</summary>
    private const string ClaimStandby =
        "exec perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0); send(S, \"X_PERSISTFS_STANDBY=1\", 0, "
        + "sockaddr_un($ENV{NOTIFY_SOCKET})); exec @ARGV' ";

    private readonly HeldTree tree = new();

    public UpgradeTests() => tree.Up();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void Clients_of_an_upgraded_server_see_no_error()
    {
        int server = tree.Server;
        using Client client = new(tree.At("client"));
        for (int i = 0; i < 10; i++)
        {
            tree.Run("upgrade", tree.Root);
            Assert.NotEqual(server, server = tree.Server);
        }
        client.End();
        Assert.Equal(10UL, tree.Status().GetProperty("takeovers").GetUInt64());
    }

    [RootFact(ProductOnly = true)]
    public void Another_program_takes_over_and_is_started_again_from_then_on()
    {
        string marker = tree.Beside("marker");
        // The keeper goes on as the new program too.
        string program = tree.Script(
            "program", $"[ $1 = keep ] || echo >>{marker}\nexec {ProductBinary.Path} \"$@\"\n");
        tree.Run("upgrade", tree.Root, "--exec", program);
        Assert.Single(File.ReadAllLines(marker));
        int server = tree.Server;
        MountedTree.KillAlone(server);
        tree.AwaitSuccessor(server);
        Assert.Equal(2, File.ReadAllLines(marker).Length);
        tree.Run("upgrade", tree.Root);
        Assert.Equal(3, File.ReadAllLines(marker).Length);
    }

    [RootFact(ProductOnly = true)]
    public void A_program_that_ends_at_once_changes_nothing()
    {
        OldGoesOn(tree.Script("crash", "kill -SEGV $$\n"), "signal 11");
        OldGoesOn(tree.Script("refuse", "exit 3\n"), "exit code 3");
        OldGoesOn("/etc/passwd", "EACCES");
        Assert.Equal(64, tree.Try("upgrade", tree.Root, "--exec", tree.Beside("missing")).ExitCode);
    }

    [RootFact(ProductOnly = true)]
    public void A_program_that_does_not_know_the_format_changes_nothing()
    {
        // To the one that serves the superblock matters only at the start: with another version it is as a newer one's.
        byte[] saved = new byte[4096];
        using FileStream arena = File.Open(tree.Arena, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        foreach (int position in (int[])[0, 0xFF000])
        {
            arena.Position = position;
            arena.ReadExactly(saved);
            arena.Position = position;
            arena.Write(new byte[8]);
            arena.Flush();
            if (position != 0) OldGoesOn(ProductBinary.Path, "not an arena");
        }
        foreach (int position in (int[])[0, 0xFF000])
        {
            arena.Position = position;
            arena.Write(saved);
        }
        arena.Flush();
        tree.Run("upgrade", tree.Root);
    }

    [RootFact(ProductOnly = true, Tools = "perl")]
    public void When_the_new_program_dies_after_the_old_has_let_go_the_old_is_started_again()
    {
        string dead = tree.Script("dead", ClaimStandby + "true\n");
        string late = tree.Script("late", ClaimStandby + "sleep 1\n");
        using Client client = new(tree.At("client"));
        foreach (string program in (string[])[dead, late])
        {
            int server = tree.Server;
            ToolResult result = tree.Try("upgrade", tree.Root, "--exec", program);
            Assert.Equal(Failed, result.ExitCode);
            Assert.Contains("old version was started again", result.Error, StringComparison.Ordinal);
            Assert.NotEqual(server, tree.Server);
            Assert.Equal(ProgramOf(server: tree.Server), Path.GetFileName(ProductBinary.Path));
        }
        client.End();
        tree.Run("upgrade", tree.Root);
    }

    [RootFact(ProductOnly = true)]
    public void What_is_not_served_cannot_be_upgraded()
    {
        tree.Down();
        Assert.Equal(22, tree.Try("upgrade", tree.Root).ExitCode);
        Assert.Equal(20, tree.Try("upgrade", tree.Beside("missing")).ExitCode);
        tree.Up();
    }

    private void OldGoesOn(string program, string cause)
    {
        int server = tree.Server;
        ToolResult result = tree.Try("upgrade", tree.Root, "--exec", program);
        Assert.Equal(Failed, result.ExitCode);
        Assert.Contains(cause, result.Error, StringComparison.Ordinal);
        Assert.Contains("old version goes on", result.Error, StringComparison.Ordinal);
        Assert.Equal(server, tree.Server);
        File.WriteAllText(tree.At("proof"), "it serves");
    }

    private static string ProgramOf(int server) => File.ReadAllText($"/proc/{server}/comm").Trim();
}
