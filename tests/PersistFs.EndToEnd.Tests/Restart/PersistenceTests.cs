using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>All that a tree knows of its files is there when it is mounted again.</summary>
[Collection(RestartCollection.Name)]
public sealed class PersistenceTests(RestartTree restart)
{
    private const string Populate = """
        mkdir -p a/b/c sticky; chmod 1777 sticky; chmod 2755 a
        head -c 3000000 /dev/urandom >a/large; head -c 700 /dev/urandom >a/small; : >a/b/empty
        ln a/small a/b/hard; ln -s ../a/small soft; ln -s "$(printf 'x%.0s' $(seq 2000))" long
        mkfifo fifo; mknod device c 1 3; mknod block b 7 300
        truncate -s 4T sparse; echo there | dd of=sparse bs=1 seek=1099511627776 conv=notrunc status=none
        chown 1000:1001 a/small; chown -h 5:6 soft; chmod 4711 a/large
        setfattr -n user.note -v 'a value' a/small; setfattr -n trusted.t -v 1 a; setfattr -n security.s -v 2 fifo
        setfacl -m u:7:rw,g:8:r a/small; setfacl -d -m u:9:rwx a/b
        touch -h -d '1999-12-31 23:59:59.987654321' soft; touch -d '2038-01-19 03:14:08.5' a/b/empty
        for i in $(seq 300); do echo $i >"many-$i"; done; rm many-1?
        chattr +d a/b/empty
        """;

    private const string Describe = """
        LC_ALL=C
        find . -printf '%p %i %y %M %n %U %G %s %b %l %T@ %C@\n' | sort
        find . -printf '%p %B@\n' | sort
        find . -type f ! -name sparse -exec md5sum {} + | sort -k2
        dd if=sparse bs=1 skip=1099511627776 count=10 status=none
        find . ! -type l | sort | xargs getfattr -d -m - 2>&1
        find . ! -type l | sort | xargs getfacl -pn
        stat -c %t,%T device block
        lsattr a/b/empty
        """;

    private MountedTree Tree => restart.Tree;

    [RootTheory(Tools = "setfattr getfattr setfacl getfacl chattr lsattr", ProductOnly = true)]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tree_is_the_same_in_every_detail_after(bool kill)
    {
        string here = Tree.NewDirectory();
        Tool.Bash(here, Populate);
        string before = Tool.Bash(here, Describe);
        if (kill) Tree.Kill();
        else Tree.Down();
        Tree.Up();
        Assert.Equal(before, Tool.Bash(here, Describe));
        Tree.CheckOffline();
        Assert.Equal(before, Tool.Bash(here, Describe));
        Tool.Run("rm", "-rf", here);
    }

    [RootFact(ProductOnly = true)]
    public void Down_is_not_refused_because_somebody_asks_for_the_room_of_every_mount()
    {
        using Process asker = Tool.Start("/", "bash", "-c", "while :; do stat -f \"$1\"; done &>/dev/null", "bash",
            Tree.Root);
        try
        {
            for (int round = 0; round < 8; round++)
            {
                Tree.Down();
                Tree.Up();
            }
        }
        finally
        {
            asker.Kill(entireProcessTree: true);
        }
    }

    [RootFact(ProductOnly = true)]
    public void A_position_in_a_directory_outlives_the_server()
    {
        string here = Tree.NewDirectory();
        for (int i = 0; i < 2000; i++)
        {
            Succeeds(Syscall.mknod($"{here}/{i}", FilePermissions.S_IFREG | Mode(644), 0));
        }

        DirectoryEntry position;
        using (Descriptor open = Descriptor.Open(here, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY))
        {
            position = Kernel.ReadDirectory(open.Number)[^1];
        }

        List<DirectoryEntry> before = RestOf(here, position.Cookie);
        Tree.Kill();
        Tree.Up();
        Assert.Equal(before, RestOf(here, position.Cookie));
        Assert.NotEmpty(before);
        Tool.Run("rm", "-rf", here);
    }

    [RootFact(ProductOnly = true)]
    public void Files_that_were_open_without_a_name_are_gone_and_their_room_is_free()
    {
        string here = Tree.NewDirectory();
        long inodesBefore = InodesUsed();
        List<Descriptor> files = [];
        for (int i = 0; i < 100; i++)
        {
            Descriptor file = Descriptor.Create($"{here}/file{i}");
            file.Write(new byte[100_000]);
            Succeeds(Syscall.unlink($"{here}/file{i}"));
            files.Add(file);
        }

        Assert.Equal(inodesBefore + files.Count, InodesUsed());
        Tree.Kill();
        files.ForEach(file => file.Dispose());
        Tree.Up();
        // What nobody holds any more is removed in the background.
        System.Diagnostics.Stopwatch waited = System.Diagnostics.Stopwatch.StartNew();
        while (InodesUsed() != inodesBefore && waited.Elapsed.TotalSeconds < 30) Thread.Yield();
        Assert.Equal(inodesBefore, InodesUsed());
        Tree.CheckOffline();
        Tool.Run("rm", "-rf", here);
    }

    private long InodesUsed() => Tree.Status().GetProperty("inodesUsed").GetInt64();

    private static List<DirectoryEntry> RestOf(string path, long cookie)
    {
        using Descriptor open = Descriptor.Open(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        Succeeds(Kernel.Seek(open.Number, cookie, 0));
        List<DirectoryEntry> all = [];
        while (true)
        {
            List<DirectoryEntry> entries = Kernel.ReadDirectory(open.Number);
            if (entries.Count == 0) return all;
            all.AddRange(entries);
        }
    }
}
