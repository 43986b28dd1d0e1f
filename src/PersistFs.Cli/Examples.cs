namespace PersistFs.Cli;

/// <summary>Text at the end of a verb's help.</summary>
internal static class Examples
{
    public static string Of(string verb) => verb switch
    {
        "persistfs" => """
            Examples:
              persistfs up /mnt/pkram                  serve a tree, its arena made on first use
              persistfs status /mnt/pkram              how full it is, what it does
              persistfs down /mnt/pkram                end it; the arena keeps the tree
              persistfs up /mnt/pkram                  and there it is again

            Exit codes: 0 done; 1 and 2 see `check`; 10-19 arena and image; 20-28 the mount;
            64 usage; 70 a bug; 74 I/O; 77 permission; 78 configuration. MANUAL.md lists them all.
            """,
        "up" or "serve" => OptionsText,
        "mount" => OptionsText + """


            Examples:
              persistfs mount /dev/shm/tree.arena /mnt/pkram -o size=4G,mode=1777
              mount -t fuse.persistfs /dev/shm/tree.arena /mnt/pkram -o size=4G,mode=1777
            """,
        "upgrade" => """
            The new server starts up and looks at the arena while the old one serves. Where it cannot serve, the old one
            goes on and the exit code is 27. Under systemd this is `systemctl restart`.

            Examples:
              persistfs upgrade /mnt/pkram                               after the program's file was replaced
              persistfs upgrade /mnt/pkram --exec /opt/persistfs-2/persistfs
            """,
        "save" => """
            Of a tree that is served, the image is the tree of one moment, with what has reached the arena by then:
            with write-back, what was synced. An earlier image of the tree stays until the new one is whole.

            Examples:
              persistfs save /mnt/pkram /var/lib/persistfs/pkram.image
              persistfs save /run/persistfs/arena/mnt-pkram /dev/vdb       an arena that nobody serves, to a device
            """,
        "restore" => """
            Examples:
              persistfs restore /var/lib/persistfs/pkram.image /run/persistfs/arena/mnt-pkram
              persistfs up /mnt/pkram
            """,
        "status" => """
            Without a target: every server of this user. With --json: one JSON object a line.
            """,
        "top" => """
            On a terminal it shows the last interval again and again, until q or Ctrl-C. Elsewhere, or with --once, it
            looks for one interval and ends. With --json: one JSON object for each tree and interval, a line each.

            Examples:
              persistfs top /mnt/pkram
              persistfs top --once --interval 10
            """,
        _ => "",
    };

    private const string OptionsText = """
        Mount options (-o):
          ro rw nosuid nodev noexec sync dirsync noatime relatime strictatime ...   as in mount(8)
          size=N  max_size=N      bytes the tree may hold; N is 512M, 4G or 50%
          nr_inodes=N             files the tree may hold
          mode=1777 uid=N gid=N   permissions and owner of the root directory
          huge=always|never|within_size|advise   of the tmpfs that is mounted for the arena
          mpol=bind:0,prefer:1,...               NUMA nodes of the arena's memory, as tmpfs has it
          writethrough            what write(2) returned is in the arena
          writeback               the kernel gathers writes; fsync, msync and close tell of shortage
                                  (default where a supervisor or systemd keeps the connection)
          fixed                   take all memory when the arena is made
          allow_other, noallow_other   whether other users may enter; root's mounts let them
          nonempty                mount over a directory that has files
          fsname=NAME             the source shown in /proc/mounts; otherwise the arena
        """;
}
