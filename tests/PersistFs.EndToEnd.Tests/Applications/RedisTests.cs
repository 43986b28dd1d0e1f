namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>Redis: append-only file and snapshot, each after kill -9.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class RedisTests(MountedTree tree) : TreeTest(tree)
{
    private const string Helpers = """
        sockets=$(mktemp -d) socket=$sockets/s
        cli() { redis-cli -s "$socket" "$@"; }
        start() {
            redis-server --port 0 --unixsocket "$socket" --dir "$PWD" --daemonize yes --pidfile "$sockets/pid" \
                --logfile "$sockets/log" --save '' "$@"
            until [ "$(cli ping 2>&1)" = PONG ]; do kill -0 "$(cat "$sockets/pid" || echo $$)"; done
        }
        crash() {
            local pid; pid=$(cat "$sockets/pid"); kill -9 "$pid"
            while kill -0 "$pid" 2>"$sockets/gone"; do :; done
            rm -f "$sockets/pid" "$socket"
        }
        settle() { while cli info persistence | grep -q 'in_progress:1'; do :; done; }
        trap 'kill -9 "$(cat "$sockets/pid")" || true; rm -rf "$sockets"' EXIT

        """;

    [RootFact(Tools = "redis-server redis-cli redis-benchmark redis-check-aof")]
    public void An_append_only_file_holds_every_acknowledged_write() => Tool.Bash(Here, Helpers + """
        start --appendonly yes --appendfsync always
        redis-benchmark -s "$socket" -t set,lpush,sadd,hset,incr -r 10000 -n 3000 -q
        cli bgrewriteaof
        redis-benchmark -s "$socket" -t set,incr -r 10000 -n 3000 -q
        settle
        keys=$(cli dbsize) counter=$(cli get counter:000000000001) digest=$(cli lrange mylist 0 -1 | md5sum)
        crash
        redis-check-aof appendonlydir/appendonly.aof.manifest
        start --appendonly yes
        test "$(cli dbsize)" = "$keys"
        test "$(cli get counter:000000000001)" = "$counter"
        test "$(cli lrange mylist 0 -1 | md5sum)" = "$digest"
        """);

    [RootFact(Tools = "redis-server redis-cli redis-benchmark redis-check-rdb")]
    public void A_snapshot_is_loaded_again() => Tool.Bash(Here, Helpers + """
        start
        redis-benchmark -s "$socket" -t set -d 200 -r 100000 -n 20000 -q
        cli bgsave; settle; cli set last one; cli save
        keys=$(cli dbsize)
        crash
        redis-check-rdb dump.rdb
        start
        test "$(cli dbsize)" = "$keys"
        test "$(cli get last)" = one
        """);
}
