using System.Diagnostics;
using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.Images;

/// <summary>A tree that is served, a second place to look at what was restored, and places for images.</summary>
internal sealed class ImageTree : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string home = Directory.CreateTempSubdirectory("persistfs-save-").FullName;
    private readonly string memory = Path.Combine("/dev/shm", $"persistfs-save-{Guid.NewGuid():n}");

    public ImageTree()
    {
        foreach (string directory in (string[])[memory, Root, CopyRoot]) Directory.CreateDirectory(directory);
    }

    /// <summary>The tree.</summary>
    public string Root => Path.Combine(home, "tree");

    public string Arena => Path.Combine(memory, "arena");

    /// <summary>Where the restored tree is looked at.</summary>
    public string CopyRoot => Path.Combine(home, "copy");

    public string CopyArena => Path.Combine(memory, "copy");

    /// <summary>Where the image is, on the machine's disk.</summary>
    public string Image => Path.Combine(home, "image");

    /// <summary>A path outside of the trees, on the machine's disk.</summary>
    public string At(string name) => Path.Combine(home, name);

    /// <summary>A path outside of the trees, in memory.</summary>
    public string InMemory(string name) => Path.Combine(memory, name);

    public ToolResult Try(params string[] arguments) => Tool.Try(ProductBinary.Path, arguments);

    public string Run(params string[] arguments) => Tool.Run(ProductBinary.Path, arguments);

    public void Up(string options = "rw") => Run("up", Root, "--arena", Arena, "--size", "1G", "-o", options);

    /// <summary>Files of many kinds, and so many bytes that a save takes its time.</summary>
    public void Fill() => Tool.Bash(Root, """
        cp -r /usr/share/common-licenses licenses
        mkdir -p deep/er/still; echo text >deep/er/still/file; ln deep/er/still/file hard; ln -s deep/er soft
        mkfifo pipe; truncate -s 1T sparse; printf end | dd of=sparse bs=1 seek=500G conv=notrunc status=none
        for i in $(seq 300); do echo $i >small$i; done
        head -c 40M /dev/urandom >large; sync large
        setfattr -n user.tag -v value small1; setfacl -m u:1:r small2
        """);

    /// <summary>What a person can see of a tree, a line for each file.</summary>
    public static string Describe(string root) => Tool.Bash(root, """
        find . -printf '%p %y %m %n %s %U %G %T@ %l\n' | sort
        find . -type f ! -name sparse -print0 | sort -z | xargs -0 sha256sum
        dd if=sparse bs=1 skip=500G count=3 status=none; getfattr -d small1; getfacl -c small2
        """);

    /// <summary>Restores the image, checks the arena, serves it and returns what it is like; it stays served.</summary>
    public void ServeCopy()
    {
        Run("restore", Image, CopyArena, "--force");
        Run("check", CopyArena);
        Run("up", CopyRoot, "--arena", CopyArena);
    }

    public void EndCopy() => Run("down", CopyRoot);

    /// <summary>The process that serves the tree.</summary>
    public int Server => PidIn(Run("status", Root, "--json"));

    /// <summary>Waits until another server answers.</summary>
    public void AwaitSuccessor(int server)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (Try("status", Root, "--json") is var status && (status.ExitCode != 0 || PidIn(status.Output) == server))
        {
            Assert.True(waited.Elapsed < Patience, "no other server");
            Thread.Sleep(20);
        }
    }

    private static int PidIn(string status)
    {
        using JsonDocument document = JsonDocument.Parse(status);
        return document.RootElement.GetProperty("pid").GetInt32();
    }

    public void Dispose()
    {
        foreach (string root in (string[])[Root, CopyRoot])
        {
            Try("down", root);
            while (Tool.Try("umount", "-l", root).ExitCode == 0)
            {
            }
        }
        Directory.Delete(memory, recursive: true);
        Directory.Delete(home, recursive: true);
    }
}
