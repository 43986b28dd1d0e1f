using System.Text;
using Mono.Unix.Native;

namespace PersistFs.EndToEnd.Testing;

/// <summary>A test that works in a directory of its own, inside a mounted tree.</summary>
public abstract class TreeTest : IDisposable
{
    /// <summary>Gives the test its directory.</summary>
    protected TreeTest(MountedTree tree)
    {
        Tree = tree;
        Here = tree.NewDirectory();
    }

    /// <summary>The tree.</summary>
    protected MountedTree Tree { get; }

    /// <summary>The test's directory.</summary>
    protected string Here { get; }

    /// <summary>Removes the test's directory; what a test leaves behind must be removable.</summary>
    public void Dispose()
    {
        Tool.Run("rm", "-rf", Here);
        GC.SuppressFinalize(this);
    }

    /// <summary>A path in the test's directory.</summary>
    protected string At(string name) => Here + "/" + name;

    /// <summary>lstat(2) of a path.</summary>
    protected static Stat StatusOf(string path)
    {
        SystemCall.Succeeds(Syscall.lstat(path, out Stat status));
        return status;
    }

    /// <summary>The permission bits of a path, suid, sgid and sticky included.</summary>
    protected static FilePermissions ModeOf(string path) => StatusOf(path).st_mode & (FilePermissions)4095;

    /// <summary>Makes a file with <paramref name="text"/> in it; its mode is not subject to the umask.</summary>
    protected string NewFile(string name, string text = "", int octalMode = 644)
    {
        string path = At(name);
        using Descriptor file = Descriptor.Create(path);
        file.Write(Encoding.ASCII.GetBytes(text));
        SystemCall.Succeeds(Syscall.fchmod(file.Number, SystemCall.Mode(octalMode)));
        return path;
    }

    /// <summary>Makes a directory; its mode is not subject to the umask.</summary>
    protected string NewFolder(string name, int octalMode = 755)
    {
        string path = At(name);
        SystemCall.Succeeds(Syscall.mkdir(path, SystemCall.Mode(octalMode)));
        SystemCall.Succeeds(Syscall.chmod(path, SystemCall.Mode(octalMode)));
        return path;
    }

    /// <summary>The contents of a small text file.</summary>
    protected static string TextOf(string path)
    {
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
        return Encoding.ASCII.GetString(file.ReadAt(0, 65536));
    }

    /// <summary>The names in a directory, in no order, without "." and "..".</summary>
    protected static IEnumerable<string> NamesIn(string path)
    {
        using Descriptor directory = Descriptor.Open(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        List<string> names = [];
        while (true)
        {
            List<DirectoryEntry> entries = Kernel.ReadDirectory(directory.Number);
            if (entries.Count == 0) return names.Where(name => name is not ("." or ".."));
            names.AddRange(entries.Select(entry => entry.Name));
        }
    }
}
