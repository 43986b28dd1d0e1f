using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.Images;

/// <summary>`persistfs save` and `persistfs restore` of trees that are in use.</summary>
public sealed class SaveTests : IDisposable
{
    private const int Rounds = 3;

    private readonly ImageTree tree = new();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true, Tools = "setfattr setfacl")]
    public void A_tree_that_is_served_comes_back_from_its_image_as_it_was()
    {
        // With write-back the kernel may know other times of a file than the arena yet.
        tree.Up("writethrough");
        tree.Fill();
        string before = ImageTree.Describe(tree.Root);
        string told = tree.Run("save", tree.Root, tree.Image);
        Assert.Contains("clients were held off for", told, StringComparison.Ordinal);
        Assert.Equal(before, ImageTree.Describe(tree.Root));
        tree.ServeCopy();
        Assert.Equal(before, ImageTree.Describe(tree.CopyRoot));
        Assert.InRange(new FileInfo(tree.Image).Length, 40 << 20, 56 << 20);
        // Of the machine's owner alone.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(tree.Image));
    }

    [RootFact(ProductOnly = true, Tools = "setfattr setfacl")]
    public void An_arena_that_nobody_serves_is_saved_and_restored_in_its_place()
    {
        tree.Up("writethrough");
        tree.Fill();
        string before = ImageTree.Describe(tree.Root);
        tree.Run("down", tree.Root);
        tree.Run("save", tree.Arena, tree.Image);
        tree.Run("format", tree.Arena, "--size", "64M", "--force");
        tree.Run("restore", tree.Image, tree.Arena, "--force");
        tree.Up();
        Assert.Equal(before, ImageTree.Describe(tree.Root));
    }

    [RootFact(ProductOnly = true, Tools = "stat")]
    public void A_restored_arena_belongs_to_whom_the_one_before_belonged_and_else_to_its_restorer_alone()
    {
        tree.Run("format", tree.Arena, "--size", "64M");
        tree.Run("save", tree.Arena, tree.Image);
        tree.Run("restore", tree.Image, tree.CopyArena);
        Assert.Equal("600 0 0", Tool.Run("stat", "-c", "%a %u %g", tree.CopyArena).Trim());
        Tool.Run("chown", "1234:2345", tree.CopyArena);
        Tool.Run("chmod", "640", tree.CopyArena);
        tree.Run("restore", tree.Image, tree.CopyArena, "--force");
        Assert.Equal("640 1234 2345", Tool.Run("stat", "-c", "%a %u %g", tree.CopyArena).Trim());
    }

    /// <summary>A database that is written to, a file that goes to and fro between two names.</summary>
    [RootFact(ProductOnly = true, Tools = "sqlite3")]
    public void Images_of_a_tree_that_is_written_to_are_each_of_one_moment()
    {
        tree.Up();
        File.WriteAllText(Path.Combine(tree.Root, "left"), "contents");
        string database = Path.Combine(tree.Root, "db");
        Tool.Run("sqlite3", database, "PRAGMA journal_mode=WAL; CREATE TABLE t(n INTEGER PRIMARY KEY, double INT);");
        using Process inserts = Tool.Start(tree.Root, "bash", "-c", """
            { echo 'PRAGMA synchronous=FULL;'
              for ((i = 1; ; i++)); do
                [ ! -e ../stop ] || break
                echo "BEGIN; INSERT INTO t VALUES($i, 0); UPDATE t SET double = 2 * n WHERE n = $i; COMMIT;"
              done
            } | sqlite3 db
            """);
        using Process renames = Tool.Start(
            tree.Root, "bash", "-c", "while [ ! -e ../stop ] && mv left right && mv right left; do :; done");
        using Process writes = Tool.Start(
            tree.Root, "bash", "-c",
            "while [ ! -e ../stop ] && dd if=/dev/zero of=bulk bs=1M count=40 conv=notrunc status=none; do :; done");
        try
        {
            long last = 0;
            for (int round = 0; round < Rounds; round++)
            {
                tree.Run("save", tree.Root, tree.Image);
                tree.ServeCopy();
                string[] paths = Directory.GetFiles(tree.CopyRoot);
                Assert.Single(paths, path => Path.GetFileName(path) is "left" or "right");
                last = RequireDatabase(Path.Combine(tree.CopyRoot, "db"), last);
                tree.EndCopy();
            }
            Assert.False(inserts.HasExited || renames.HasExited || writes.HasExited);
            Assert.True(last > 0);
        }
        finally
        {
            File.WriteAllText(tree.At("stop"), "");
            foreach (Process process in (Process[])[inserts, renames, writes]) process.WaitForExit();
        }
    }

    [RootFact(ProductOnly = true)]
    public void The_server_that_ends_in_the_middle_of_a_save_leaves_the_image_that_was_there()
    {
        tree.Up();
        Tool.Bash(tree.Root, "head -c 100M /dev/urandom >large; sync large");
        tree.Run("save", tree.Root, tree.Image);
        byte[] before = Hash(tree.Image);
        int interrupted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using Process save = Tool.Start("/", ProductBinary.Path, "save", tree.Root, tree.Image);
            int server = tree.Server;
            Thread.Sleep(20 * (round + 1));
            MountedTree.KillAlone(server);
            save.WaitForExit();
            if (save.ExitCode == 25) interrupted++;
            else Assert.Equal(0, save.ExitCode);
            if (interrupted > 0 && round == 0) Assert.Equal(before, Hash(tree.Image));
            Assert.False(File.Exists(tree.Image + ".new"));
            tree.AwaitSuccessor(server);
        }
        tree.Run("restore", tree.Image, tree.CopyArena);
        Assert.Equal("", tree.Run("check", tree.CopyArena));
        Assert.True(interrupted > 0, "no save was interrupted");
    }

    private static byte[] Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return System.Security.Cryptography.SHA256.HashData(file);
    }

    /// <summary>Every row is whole, none is missing, and none is gone that an earlier image had.</summary>
    private static long RequireDatabase(string path, long last)
    {
        if (!File.Exists(path)) return last;
        string[] answers = Tool.Run(
            "sqlite3", path, "PRAGMA integrity_check; SELECT count(*), coalesce(max(n), 0), "
                + "coalesce(sum(double), 0) = coalesce(sum(2 * n), 0) FROM t;").Trim().Split('\n');
        string[] counts = answers[1].Split('|');
        Assert.Equal(("ok", counts[1], "1"), (answers[0], counts[0], counts[2]));
        long rows = long.Parse(counts[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(rows >= last, $"{rows} rows, and {last} before");
        return rows;
    }
}
