using System.Security.Cryptography;

namespace PersistFs.Kexec.Tests.Machines;

/// <summary>
/// The read-only disk of all machines: the product, programs of this machine with their libraries, the scripts, the
/// kernels for the next boot and a large file.
/// </summary>
internal sealed class GuestDisk : IDisposable
{
    private const int LargeFileMebibytes = 64;

    /// <summary>Programs of this machine that run in the other one; for all else there is busybox.</summary>
    private static readonly string[] Programs =
    [
        "sqlite3", "perl", "getfattr", "setfattr", "getfacl", "setfacl", "chattr", "lsattr", "stat", "sha256sum",
        "kexec",
    ];

    private static readonly Lazy<GuestDisk> LazyShared = new(() => new GuestDisk());

    private readonly string home = Directory.CreateTempSubdirectory("persistfs-disk-").FullName;

    private GuestDisk()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        string tree = Path.Combine(home, "tree");
        foreach (string folder in MergedFolders) Directory.CreateDirectory(Path.Combine(tree, "usr", folder));
        AddBusyBox(tree);
        foreach (string program in Programs) AddProgram(tree, Tool.Find(program)!);
        AddProgram(tree, Product);
        CopyFolder(Scripts, Path.Combine(tree, "guest"));
        foreach (string script in Directory.EnumerateFiles(Path.Combine(tree, "guest")))
        {
            File.SetUnixFileMode(script, (UnixFileMode)Convert.ToInt32("755", 8));
        }

        LargeDigest = WriteLargeFile(Path.Combine(tree, "large"));
        AddKernels(tree);
        Image = Path.Combine(home, "disk");
        Tool.Run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, Image, "256M");
        Directory.Delete(tree, recursive: true);
    }

    /// <summary>The one disk of this run.</summary>
    public static GuestDisk Shared => LazyShared.Value;

    /// <summary>Folders of the root directory that stand for those below /usr.</summary>
    public static string[] MergedFolders { get; } = ["bin", "sbin", "lib", "lib64"];

    /// <summary>The scripts that run in the other machine, as they lie in the repository.</summary>
    public static string Scripts => Path.Combine(ProductBinary.RepositoryRoot, "tests/PersistFs.Kexec.Tests/Guest");

    /// <summary>Why there can be none here, or null.</summary>
    public static string? Missing => Requirements.Missing(
        "busybox cpio gzip xz mke2fs ldd " + string.Join(' ', Programs), productOnly: true)
        ?? (File.Exists(Path.Combine(Path.GetDirectoryName(Product)!, "persistfs.dll"))
            ? $"needs the native program ({ProductBinary.PathVariable}); tests/run publishes it" : null);

    /// <summary>Path of the file system's image.</summary>
    public string Image { get; }

    /// <summary>SHA-256 of the file /disk/large, as sha256sum writes it.</summary>
    public string LargeDigest { get; }

    private static string Product =>
        new FileInfo(ProductBinary.Path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? ProductBinary.Path;

    /// <summary>Path, on this machine, of the initial tree of a kernel.</summary>
    public string InitialTreeOf(GuestKernel kernel) => Path.Combine(home, kernel.Name + ".initial");

    public void Dispose()
    {
        if (Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    private static void AddBusyBox(string tree)
    {
        string busyBox = Tool.Find("busybox")!;
        File.Copy(busyBox, Path.Combine(tree, "usr/bin/busybox"));
        foreach (string name in Tool.Run(busyBox, "--list").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name != "busybox") File.CreateSymbolicLink(Path.Combine(tree, "usr/bin", name), "busybox");
        }
    }

    /// <summary>A program and the libraries it is linked to, each where the loader looks for it.</summary>
    private static void AddProgram(string tree, string program)
    {
        Replace(program, Path.Combine(tree, "usr/bin", Path.GetFileName(program)));
        foreach (string word in Tool.Run("ldd", program).Split([' ', '\n', '\t']).Where(word => word.StartsWith('/')))
        {
            string below = word.StartsWith("/usr/", StringComparison.Ordinal) ? word[1..] : "usr" + word;
            Replace(word, Path.Combine(tree, below));
        }
    }

    /// <summary>Copies a file in the place of whatever stands there.</summary>
    private static void Replace(string source, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Delete(target);
        string real = new FileInfo(source).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? source;
        File.Copy(real, target);
    }

    private static void CopyFolder(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private static string WriteLargeFile(string path)
    {
        byte[] block = new byte[1 << 20];
        Random random = new(64);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using FileStream file = File.Create(path);
        for (int number = 0; number < LargeFileMebibytes; number++)
        {
            random.NextBytes(block);
            file.Write(block);
            hash.AppendData(block);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void AddKernels(string tree)
    {
        GuestKernel[] all = [GuestKernel.Debian, GuestKernel.LiveUpdate];
        foreach (GuestKernel kernel in all.Where(kernel => kernel.Missing == null))
        {
            string folder = Path.Combine(tree, "boot", kernel.Name);
            Directory.CreateDirectory(folder);
            File.Copy(kernel.Image, Path.Combine(folder, "kernel"));
            InitialTree.Write(kernel, InitialTreeOf(kernel));
            File.Copy(InitialTreeOf(kernel), Path.Combine(folder, "initial"));
        }
    }
}
