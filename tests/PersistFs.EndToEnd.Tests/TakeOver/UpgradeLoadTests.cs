using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>
/// Databases at work while the server below them is upgraded: no error anywhere, and as much work done.
/// </summary>
[Collection(TakeOverCollection.Name)]
public sealed partial class UpgradeLoadTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>$1: PostgreSQL's programs, $2: a directory for sockets. Leaves the cluster running.</summary>
    private const string StartCluster = """
        bin=$1 sockets=$2 data=$PWD/data
        as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
        chown postgres . "$sockets"
        as "$bin/initdb" -k -D "$data" >/dev/null
        as "$bin/pg_ctl" -w -t 60 -D "$data" -l "$sockets/log" \
            -o "-k $sockets -c listen_addresses='' -c shared_buffers=32MB" start >/dev/null
        as "$bin/pgbench" -h "$sockets" -i -s 5 -q postgres
        """;

    /// <summary>As above. Ends the cluster, whose pages have to be whole.</summary>
    private const string StopCluster = """
        bin=$1 sockets=$2 data=$PWD/data
        as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
        test "$(as "$bin/psql" -X -q -t -A -h "$sockets" -d postgres -c \
            'select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history)')" = t
        as "$bin/pg_ctl" -w -m fast -D "$data" stop
        as "$bin/pg_checksums" -c -D "$data"
        """;

    private readonly MountedTree tree = MountedTree.Start("2G", "");
    private readonly string sockets = Directory.CreateTempSubdirectory("persistfs-sockets-").FullName;

    public void Dispose()
    {
        tree.Dispose();
        Directory.Delete(sockets, recursive: true);
    }

    [RootFact(ProductOnly = true, Tools = "psql setpriv")]
    public void Postgres_and_its_clients_notice_no_upgrade()
    {
        string directory = tree.NewDirectory();
        string programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin";
        Tool.Bash(directory, StartCluster, programs, sockets);
        string log = Path.Combine(sockets, "log");
        int started = File.ReadAllLines(log).Length;
        List<string> said = [];
        using (Process bench = Tool.Start(
            "/", "setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", $"{programs}/pgbench",
            "-h", sockets, "-n", "-c", "4", "-P", "1", "-T", $"{UpgradeSchedule.SecondsMax}", "postgres"))
        {
            long done = 0;
            bench.ErrorDataReceived += (_, line) =>
            {
                if (TransactionsIn(line.Data) is { } transactions) done += transactions;
                else if (line.Data is not null) said.Add(line.Data);
            };
            bench.BeginErrorReadLine();
            HeldTree.Await("the first transactions", () => Volatile.Read(ref done) > 0);
            new UpgradeSchedule(tree, output).Run(() => Volatile.Read(ref done));
            said.AddRange(File.ReadAllLines(log)[started..]);
            Succeeds(Syscall.kill(bench.Id, Signum.SIGINT));
            bench.StandardOutput.ReadToEnd();
            bench.WaitForExit();
        }

        Assert.DoesNotContain(said, line => ComplaintText().IsMatch(line));
        Tool.Bash(directory, StopCluster, programs, sockets);
        tree.CheckOffline();
    }

    [RootFact(ProductOnly = true, Tools = "memcached")]
    public void Memcached_and_its_clients_notice_no_upgrade()
    {
        string socket = Path.Combine(sockets, "socket"), directory = tree.NewDirectory();
        using Process server = Tool.Start(
            directory, "memcached", "-u", "root", "-m", "128", "-s", socket, "-e", $"{directory}/memory");
        using (CacheClient first = new(socket, 1), second = new(socket, 2))
        {
            new UpgradeSchedule(tree, output).Run(() => first.Calls + second.Calls);
            first.End();
            second.End();
        }

        Assert.False(server.HasExited);
        server.Kill();
        Assert.DoesNotMatch(ComplaintText(), server.StandardError.ReadToEnd());
        server.WaitForExit();
    }

    /// <summary>How many transactions a line of progress, of one second, tells.</summary>
    private static long? TransactionsIn(string? line)
    {
        Match match = ProgressText().Match(line ?? "");
        return match.Success ? (long)double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;
    }

    [GeneratedRegex(@"^progress: [0-9.]+ s, ([0-9.]+) tps.* 0 failed$")]
    private static partial Regex ProgressText();

    [GeneratedRegex("error|fatal|panic|warning|failed|aborted", RegexOptions.IgnoreCase)]
    private static partial Regex ComplaintText();
}
