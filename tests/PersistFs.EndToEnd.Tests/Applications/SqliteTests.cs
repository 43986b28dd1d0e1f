namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>SQLite: several writers in each journal mode, with and without mmap, and one that is killed.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class SqliteTests(MountedTree tree) : TreeTest(tree)
{
    private const int Writers = 3, TransactionsEach = 100;

    [RootTheory(Tools = "sqlite3")]
    [InlineData("WAL", 0)]
    [InlineData("WAL", 1 << 28)]
    [InlineData("DELETE", 0)]
    [InlineData("PERSIST", 1 << 28)]
    public void Three_writers_lose_no_row(string journalMode, int mappedBytes)
    {
        Sql($"PRAGMA journal_mode={journalMode}; CREATE TABLE t(writer, i, v); CREATE INDEX x ON t(v);");
        string transaction = "BEGIN IMMEDIATE; " +
                             "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<10) " +
                             "INSERT INTO t SELECT $1, $i, hex(randomblob(100)) FROM c; COMMIT;";
        string writer = $"{{ echo .timeout 60000; echo 'PRAGMA mmap_size={mappedBytes}; PRAGMA synchronous=FULL;'; " +
                        $"for i in $(seq {TransactionsEach}); do echo \"{transaction}\"; done; }} | sqlite3 -bail db";
        Parallel.For(0, Writers, new ParallelOptions { MaxDegreeOfParallelism = Writers },
            number => Tool.Bash(Here, writer, $"{number}"));
        Assert.Equal("ok", Sql("PRAGMA integrity_check"));
        Assert.Equal($"{Writers * TransactionsEach * 10}", Sql("SELECT count(*) FROM t"));
        Sql("DELETE FROM t WHERE i % 2 = 0; VACUUM");
        Assert.Equal("ok", Sql("PRAGMA integrity_check"));
        Assert.Equal($"{Writers * TransactionsEach * 10 / 2}", Sql("SELECT count(*) FROM t"));
    }

    [RootFact(Tools = "sqlite3")]
    public void A_killed_writer_leaves_every_row_it_was_told_is_committed()
    {
        Sql("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER)");
        int next = 0;
        for (int round = 0; round < 5; round++)
        {
            using System.Diagnostics.Process writer = Tool.Start(Here, "sqlite3", "-bail", "db");
            writer.StandardInput.WriteLine("PRAGMA synchronous=FULL;");
            int acknowledged = next;
            for (int i = 0; i < 100 + 37 * round; i++)
            {
                writer.StandardInput.WriteLine($"INSERT INTO t VALUES({next}); SELECT {next++};");
                writer.StandardInput.Flush();
                acknowledged = int.Parse(writer.StandardOutput.ReadLine()!);
            }

            writer.StandardInput.WriteLine($"INSERT INTO t VALUES({next});");
            writer.Kill();
            writer.WaitForExit();
            Assert.Equal("ok", Sql("PRAGMA integrity_check"));
            int count = int.Parse(Sql("SELECT count(*) FROM t"));
            Assert.InRange(count, acknowledged + 1, next + 1);
            next = count;
        }
    }

    private string Sql(string statements) => Tool.RunIn(Here, "sqlite3", "db", ".timeout 60000", statements)
        .TrimEnd().Split('\n')[^1];
}
