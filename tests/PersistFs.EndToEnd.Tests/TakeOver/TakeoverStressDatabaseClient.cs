using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>SQLite with a write-ahead log, in a process of its own: every committed row is there.</summary>
internal sealed class TakeoverStressDatabaseClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private const int RoundsPerLook = 200, RoundsPerTable = 2000, RowsMax = 12;

    private Process? shell;
    private long rows;
    private long sum;

    public override void Dispose()
    {
        base.Dispose();
        if (shell is { HasExited: false }) shell.Kill();
        shell?.Dispose();
    }

    protected override void Open()
    {
        shell = Tool.Start("/", "sqlite3", "-bail", $"{Home}/db");
        Ask("PRAGMA journal_mode=WAL;", "wal");
        Ask("PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, text); SELECT 'made';", "made");
    }

    protected override void Round()
    {
        int count = Random.Next(1, RowsMax);
        StringBuilder commands = new("BEGIN;");
        for (int i = 0; i < count; i++)
        {
            int length = Random.Next(1, 600);
            commands.Append(CultureInfo.InvariantCulture, $"INSERT INTO t(text) VALUES('{new string('x', length)}');");
            rows++;
            sum += length;
        }

        Ask(commands.Append("COMMIT; SELECT 'done';").ToString(), "done");
        if ((Rounds + 1) % RoundsPerLook == 0) Check();
        if ((Rounds + 1) % RoundsPerTable != 0) return;
        Ask("DELETE FROM t; SELECT 'gone';", "gone");
        rows = sum = 0;
    }

    protected override void Close()
    {
        Check();
        shell!.StandardInput.Close();
        string rest = shell.StandardOutput.ReadToEnd() + shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(("", 0), (rest, shell.ExitCode));
        Check();
    }

    /// <summary>By another process, which finds the log as the first one has left it.</summary>
    private void Check()
    {
        string answer = Tool.Run("sqlite3", $"{Home}/db",
            "PRAGMA busy_timeout=60000; PRAGMA integrity_check; SELECT count(*), ifnull(sum(length(text)), 0) FROM t;");
        Assert.Equal($"60000\nok\n{rows}|{sum}\n", answer);
    }

    private void Ask(string commands, string answer)
    {
        shell!.StandardInput.WriteLine(commands);
        shell.StandardInput.Flush();
        string? line = shell.StandardOutput.ReadLine();
        if (line != answer) Assert.Fail($"'{line}' instead of '{answer}': {shell.StandardError.ReadToEnd()}");
    }
}
