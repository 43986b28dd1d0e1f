using System.Diagnostics;
using System.Globalization;

namespace PersistFs.Kexec.Tests;

/// <summary>
/// Clients at work in a tree when the kernel goes: a database that is written and several that change names. Each tells
/// the console of every call that returned, and a console keeps what memory loses.
/// </summary>
/// <param name="machine">The machine.</param>
internal sealed class GuestLoad(Machine machine)
{
    private const int Storms = 3;

    private const string Committed = "committed ", Storm = "storm ";

    /// <summary>Time for a few hundred calls of each client; and for the first, on a machine that is busy.</summary>
    private static readonly TimeSpan WorkTime = TimeSpan.FromSeconds(4), Patience = TimeSpan.FromSeconds(60);

    private static int round;

    private readonly int number = Interlocked.Increment(ref round);
    private readonly int consoleBefore = machine.Console.Length;

    private static string Home => GuestTree.Root + "/load";

    /// <summary>Whether a line of the console is one that a client tells of a call.</summary>
    public static bool IsReport(string line) =>
        line.StartsWith(Committed, StringComparison.Ordinal) || line.StartsWith(Storm, StringComparison.Ordinal);

    /// <summary>Starts the clients and returns when each of them is at work.</summary>
    public void Start()
    {
        machine.Run($"mkdir -p {Home}");
        Launch($"sh /disk/guest/write-database {Home}/database");
        for (int storm = 1; storm <= Storms; storm++)
        {
            machine.Run($"mkdir {PlaceOf(storm)}");
            Launch($"perl /disk/guest/storm {PlaceOf(storm)} {SeedOf(storm)}");
        }

        Thread.Sleep(WorkTime);
        string[] said = [.. Enumerable.Range(1, Storms).Select(SaidBy), Committed];
        Stopwatch waited = Stopwatch.StartNew();
        foreach (string words in said) AwaitWork(words, waited);
    }

    /// <summary>Every call that returned is kept, and of the others each was done once or not at all.</summary>
    public void AssertKept()
    {
        for (int storm = 1; storm <= Storms; storm++)
        {
            int done = LastOf(SaidBy(storm));
            machine.Run($"perl /disk/guest/storm {PlaceOf(storm)} {SeedOf(storm)} {done}");
        }

        string told = machine.Run($"""
            sqlite3 {Home}/database 'PRAGMA integrity_check; SELECT count(*), max(number) FROM rows'
            """).Trim();
        string[] words = told.Split(['\n', '|']);
        int last = LastOf(Committed);
        bool isWhole = words is ["ok", _, _] && words[1] == words[2];
        if (isWhole && int.Parse(words[2], CultureInfo.InvariantCulture) >= last) return;
        throw machine.Failure($"the database has not all of {last} rows: {told}");
    }

    private string PlaceOf(int storm) => $"{Home}/storm-{number}-{storm}";

    private string SaidBy(int storm) => $"{Storm}{SeedOf(storm)} ";

    private int SeedOf(int storm) => number * 10 + storm;

    private void AwaitWork(string words, Stopwatch waited)
    {
        while (LastOf(words) == 0)
        {
            if (waited.Elapsed > Patience) throw machine.Failure($"nothing was told that begins with: {words}");
            Thread.Sleep(100);
        }
    }

    private void Launch(string command) => machine.Run($"setsid {command} </dev/null >/dev/ttyS0 2>&1 &");

    /// <summary>The number in the last whole line of the console that begins so; 0 without one.</summary>
    /// <remarks>The kernel's own words can cut a line in two: such a line tells nothing.</remarks>
    private int LastOf(string words)
    {
        string[] lines = machine.Console[consoleBefore..].Split('\n');
        foreach (string line in lines.SkipLast(1).Reverse())
        {
            if (!line.StartsWith(words, StringComparison.Ordinal)) continue;
            if (int.TryParse(line.AsSpan(words.Length), CultureInfo.InvariantCulture, out int number)) return number;
        }
        return 0;
    }
}
