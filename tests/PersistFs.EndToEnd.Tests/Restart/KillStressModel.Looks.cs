using Xunit.Sdk;

namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>Calls that look, calls that have to be refused, and files made by being opened.</summary>
internal sealed partial class KillStressModel
{
    private KillStressOperation? Refuse()
    {
        string? any = Pick(_ => true), free = FreeName();
        if (any == null || free == null) return null;
        KillStressNode node = nodes[any];
        (string name, Errno expected, Func<string, long> call) = random.Next(6) switch
        {
            0 => ("mkdir", Errno.EEXIST, root => Syscall.mkdir(root + any, Mode(755))),
            1 => ("mknod", Errno.EEXIST, root => Syscall.mknod(root + any, FilePermissions.S_IFREG | Mode(600), 0)),
            2 => ("symlink", Errno.EEXIST, root => Syscall.symlink("target", root + any)),
            3 => ("unlink", Errno.ENOENT, root => Syscall.unlink(root + free)),
            4 => ("rename2", Errno.EEXIST, root => Kernel.Rename2(root + any, root + any, Kernel.NoReplace)),
            _ => ("rmdir", node.IsDirectory ? Errno.ENOTEMPTY : Errno.ENOTDIR,
                (Func<string, long>)(root => Syscall.rmdir(root + any))),
        };
        bool isEmpty = node.IsDirectory && !nodes.Keys.Any(other => ParentOf(other) == any);
        if (expected == Errno.ENOTEMPTY && isEmpty) return null;
        return new($"{name} {any} {free}", root => Result(call(root)), () => { }, Expected: expected);
    }

    private KillStressOperation? Look()
    {
        if (random.Next(3) == 0 && FreeName() is { } free)
        {
            return new($"stat {free}", root => Result(Syscall.lstat(root + free, out _)), () => { },
                Expected: Errno.ENOENT);
        }

        if (Pick(_ => true) is not { } path) return null;
        KillStressNode node = nodes[path];
        return new($"stat {path}", root => Compare(root + path, path, node), () => { });
    }

    private Errno Compare(string path, string name, KillStressNode node)
    {
        if (Syscall.lstat(path, out Stat status) < 0) return Stdlib.GetLastError();
        Assert.Equal((name, node.Mode, node.Owner, LinkCount(name, node)),
            (name, status.st_mode, status.st_uid, status.st_nlink));
        if (node.IsRegular || node.Type == FilePermissions.S_IFLNK) Assert.Equal(node.Content.Length, status.st_size);
        return default;
    }

    private KillStressOperation? Read()
    {
        if (Pick(node => node.IsRegular) is not { } path) return null;
        byte[] expected = nodes[path].Content;
        return new($"read {path}",
            root => OnFile(root + path, file => ReadAndCompare(file, path, expected)), () => { });
    }

    private static unsafe long ReadAndCompare(int file, string path, byte[] expected)
    {
        byte[] actual = new byte[expected.Length + 1];
        int done = 0;
        fixed (byte* start = actual)
        {
            while (true)
            {
                nint count = Kernel.ReadAt(file, start + done, (nuint)(actual.Length - done), done);
                if (count < 0) return count;
                if (count == 0) break;
                done += (int)count;
            }
        }

        if (actual.AsSpan(0, done).SequenceEqual(expected)) return 0;
        int at = actual.AsSpan(0, done).CommonPrefixLength(expected);
        throw new XunitException($"{path}: {done} bytes instead of {expected.Length}, the first wrong one at {at}");
    }

    private KillStressOperation? CreateOpen()
    {
        if (FreeName() is not { } path) return null;
        KillStressNode node = new() { Mode = FilePermissions.S_IFREG | Mode(600) };
        const OpenFlags Flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC;
        return new($"create {path}",
            root => Close(Syscall.open(root + path, Flags, Mode(600))), () => nodes[path] = node);
    }

    /// <summary>A file without a name, then its first one.</summary>
    private KillStressOperation? CreateNameless()
    {
        if (FreeName() is not { } path) return null;
        KillStressNode node = new()
        {
            Mode = FilePermissions.S_IFREG | Mode(640),
            Content = RandomBytes(random.Next(3000)),
        };
        byte[] content = node.Content;
        return new($"tmpfile {path}", root => MakeNameless(root, root + path, content), () => nodes[path] = node);
    }

    private static Errno MakeNameless(string folder, string path, byte[] content)
    {
        const int ReadWrite = 2, CloseOnExec = 0x80000;
        int file = Kernel.Open(folder, Kernel.TemporaryFile | ReadWrite | CloseOnExec, (uint)Mode(640));
        if (file < 0) return Stdlib.GetLastError();
        // Nothing can be told of a file that has its name before its bytes.
        Errno errno = WriteAt(file, content, 0) < 0 ? Stdlib.GetLastError() : default;
        if (errno == default)
        {
            errno = Result(Kernel.LinkAt(
                Kernel.WorkingDirectory, $"/proc/self/fd/{file}", Kernel.WorkingDirectory, path, Kernel.FollowSymlink));
        }

        Errno closed = Close(file);
        return errno == default ? closed : errno;
    }

    private static Errno Close(int file) => file < 0 ? Stdlib.GetLastError() : Result(Syscall.close(file));
}
