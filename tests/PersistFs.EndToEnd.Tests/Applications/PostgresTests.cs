namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>PostgreSQL with checksums: a load, kill -9, redo, and its own consistency.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class PostgresTests(MountedTree tree) : TreeTest(tree)
{
    private const string Balanced =
        "select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history) " +
        "and (select sum(bbalance) from pgbench_branches) = (select sum(delta) from pgbench_history)";

    /// <summary>$1: the directory of the programs. Runs as the user postgres, without a network.</summary>
    private const string Script = $$"""
        bin=$1 data=$PWD/data
        sockets=$(mktemp -d); chown postgres "$sockets"
        as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
        start() { as "$bin/pg_ctl" -w -t 60 -D "$data" -l "$data.log" \
            -o "-k $sockets -c listen_addresses='' -c shared_buffers=32MB" start; }
        sql() { as "$bin/psql" -X -q -t -A -h "$sockets" -d postgres -c "$1"; }
        trap 'as "$bin/pg_ctl" -m immediate -D "$data" stop || true; rm -rf "$sockets"' EXIT
        chown postgres .
        as "$bin/initdb" -k -D "$data"
        start
        as "$bin/pgbench" -h "$sockets" -i -s 2 -q postgres
        as "$bin/pgbench" -h "$sockets" -n -c 2 -t 500 postgres
        as "$bin/pgbench" -h "$sockets" -n -c 2 -T 60 postgres >"$sockets/load" 2>&1 & load=$!
        until [ "$(sql 'select count(*) > 1500 from pgbench_history')" = t ]; do :; done
        kill -9 "$(head -1 "$data/postmaster.pid")"
        wait $load || true
        rm -f "$data/postmaster.pid"
        until start; do :; done
        test "$(sql '{{Balanced}}')" = t
        test "$(sql 'select count(*) >= 1500 from pgbench_history')" = t
        sql 'vacuum full'
        as "$bin/pg_ctl" -w -m fast -D "$data" stop
        as "$bin/pg_checksums" -c -D "$data"
        trap - EXIT; rm -rf "$sockets"
        """;

    [RootFact(Tools = "psql setpriv")]
    public void A_killed_cluster_redoes_its_log_and_balances()
    {
        string programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin";
        Tool.Bash(Here, Script, programs);
    }
}
