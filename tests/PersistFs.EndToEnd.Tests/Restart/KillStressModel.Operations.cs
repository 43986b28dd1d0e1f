namespace PersistFs.EndToEnd.Tests.Restart;

internal sealed partial class KillStressModel
{
    /// <summary>A call that has to succeed on the tree as it is, or to be refused for a known reason.</summary>
    public KillStressOperation Next()
    {
        while (true)
        {
            KillStressOperation? operation = random.Next(19) switch
            {
                0 => Create(FilePermissions.S_IFREG),
                1 => MakeFolder(),
                2 => random.Next(3) == 0 ? Create(FilePermissions.S_IFIFO) : MakeSymlink(),
                3 => Link(),
                4 => Remove(),
                5 or 6 => Rename(),
                7 => Exchange(),
                8 => random.Next(2) == 0 ? ChangeMode() : ChangeOwner(),
                9 => SetAttribute(),
                10 => Truncate(),
                11 => PunchHole(),
                12 => Refuse(),
                13 => Look(),
                14 => Read(),
                15 => CreateOpen(),
                16 => CreateNameless(),
                _ => Write(),
            };
            if (operation != null) return operation;
        }
    }

    private KillStressOperation? Create(FilePermissions type)
    {
        if (FreeName() is not { } path) return null;
        KillStressNode node = new() { Mode = type | Mode(640) };
        return new($"mknod {path}", root => Result(Syscall.mknod(root + path, node.Mode, 0)), () => nodes[path] = node);
    }

    private KillStressOperation? MakeFolder()
    {
        string path = $"/d{random.Next(FoldersCount)}";
        if (nodes.ContainsKey(path)) return null;
        KillStressNode node = new() { Mode = FilePermissions.S_IFDIR | Mode(750) };
        return new($"mkdir {path}", root => Result(Syscall.mkdir(root + path, Mode(750))), () => nodes[path] = node);
    }

    private KillStressOperation? MakeSymlink()
    {
        if (FreeName() is not { } path) return null;
        string target = new('t', random.Next(1, 500));
        KillStressNode node = new()
        {
            Mode = FilePermissions.S_IFLNK | Mode(777),
            Content = System.Text.Encoding.ASCII.GetBytes(target),
        };
        return new($"symlink {path}", root => Result(Syscall.symlink(target, root + path)), () => nodes[path] = node);
    }

    private KillStressOperation? Link()
    {
        if (Pick(node => !node.IsDirectory) is not { } from || FreeName() is not { } to) return null;
        return new($"link {from} {to}", root => Result(Syscall.link(root + from, root + to)),
            () => nodes[to] = nodes[from]);
    }

    private KillStressOperation? Remove()
    {
        if (Pick(_ => true) is not { } path) return null;
        if (!nodes[path].IsDirectory)
        {
            return new($"unlink {path}", root => Result(Syscall.unlink(root + path)), () => nodes.Remove(path));
        }

        if (nodes.Keys.Any(other => ParentOf(other) == path)) return null;
        return new($"rmdir {path}", root => Result(Syscall.rmdir(root + path)), () => nodes.Remove(path));
    }

    private KillStressOperation? Rename()
    {
        if (Pick(_ => true) is not { } from) return null;
        if (nodes[from].IsDirectory)
        {
            string folder = $"/d{random.Next(FoldersCount)}";
            if (nodes.ContainsKey(folder)) return null;
            return new($"rename {from} {folder}", root => Result(Syscall.rename(root + from, root + folder)),
                () => Move(from, folder));
        }

        string? to = random.Next(2) == 0 ? FreeName() : Pick(node => !node.IsDirectory);
        // Two names of one file: rename does nothing, and a storm wants change.
        if (to == null || nodes.TryGetValue(to, out KillStressNode? replaced) && replaced == nodes[from]) return null;
        return new($"rename {from} {to}", root => Result(Syscall.rename(root + from, root + to)), () => Move(from, to));
    }

    private KillStressOperation? Exchange()
    {
        if (Pick(node => !node.IsDirectory) is not { } one) return null;
        string other = Pick(node => !node.IsDirectory)!;
        return new($"exchange {one} {other}",
            root => Result(Kernel.Rename2(root + one, root + other, Kernel.Exchange)),
            () => (nodes[one], nodes[other]) = (nodes[other], nodes[one]));
    }

    private KillStressOperation? ChangeMode()
    {
        if (Pick(node => node.Type != FilePermissions.S_IFLNK) is not { } path) return null;
        FilePermissions mode = (FilePermissions)random.Next(512) | FilePermissions.S_IRWXU;
        KillStressNode node = nodes[path];
        return new($"chmod {path}", root => Result(Syscall.chmod(root + path, mode)),
            () => node.Mode = node.Type | mode);
    }

    private KillStressOperation? ChangeOwner()
    {
        if (Pick(_ => true) is not { } path) return null;
        uint owner = (uint)random.Next(70_000);
        KillStressNode node = nodes[path];
        return new($"chown {path}", root => Result(Syscall.lchown(root + path, owner, 0)), () => node.Owner = owner);
    }

    private KillStressOperation? SetAttribute()
    {
        if (Pick(node => node.IsDirectory || node.IsRegular) is not { } path) return null;
        string name = $"user.{random.Next(4)}";
        KillStressNode node = nodes[path];
        if (node.Attributes.ContainsKey(name) && random.Next(2) == 0)
        {
            return new($"removexattr {path}", root => Result(Syscall.removexattr(root + path, name)),
                () => node.Attributes.Remove(name));
        }

        byte[] value = RandomBytes(random.Next(4) == 0 ? 6000 : 60);
        return new($"setxattr {path}", root => Result(Syscall.setxattr(root + path, name, value)),
            () => node.Attributes[name] = value);
    }

    private KillStressOperation? Truncate()
    {
        if (Pick(node => node.IsRegular) is not { } path) return null;
        KillStressNode node = nodes[path];
        int size = random.Next(SizeMax);
        byte[] content = new byte[size];
        node.Content.AsSpan(0, Math.Min(size, node.Content.Length)).CopyTo(content);
        return new($"truncate {path} {size}", root => Result(Syscall.truncate(root + path, size)),
            () => node.Content = content);
    }

    private KillStressOperation? PunchHole()
    {
        if (Pick(node => node.IsRegular && node.Content.Length > 0) is not { } path) return null;
        KillStressNode node = nodes[path];
        int offset = random.Next(node.Content.Length), length = random.Next(1, node.Content.Length - offset + 1);
        byte[] content = [.. node.Content];
        content.AsSpan(offset, length).Clear();
        return new($"punch {path} {offset}+{length}",
            root => OnFile(root + path, file => Kernel.Allocate(file, Kernel.PunchHole, offset, length)),
            () => node.Content = content, Torn: node);
    }

    private KillStressOperation? Write()
    {
        if (Pick(node => node.IsRegular) is not { } path) return null;
        KillStressNode node = nodes[path];
        byte[] bytes = RandomBytes(random.Next(3) == 0 ? random.Next(1, 60_000) : random.Next(1, 2_000));
        int offset = random.Next(3) == 0 ? random.Next(SizeMax - bytes.Length) : node.Content.Length;
        if (offset + bytes.Length > SizeMax) return null;
        byte[] content = new byte[Math.Max(node.Content.Length, offset + bytes.Length)];
        node.Content.CopyTo(content, 0);
        bytes.CopyTo(content, offset);
        return new($"write {path} {offset}+{bytes.Length}",
            root => OnFile(root + path, file => WriteAt(file, bytes, offset)),
            () => node.Content = content, Torn: node);
    }

    private void Move(string from, string to)
    {
        KillStressNode node = nodes[from];
        nodes.Remove(from);
        nodes[to] = node;
        foreach (string child in nodes.Keys.Where(path => ParentOf(path) == from).ToArray())
        {
            nodes.Remove(child, out KillStressNode? moved);
            nodes[to + child[from.Length..]] = moved!;
        }
    }

    private string? FreeName()
    {
        string folder = random.Next(3) == 0 ? "" : Pick(node => node.IsDirectory) ?? "";
        string path = $"{folder}/{new string('n', random.Next(1, 80))}{random.Next(NamesCount)}";
        return nodes.ContainsKey(path) ? null : path;
    }

    private string? Pick(Func<KillStressNode, bool> isWanted)
    {
        string[] paths = [.. nodes.Where(pair => isWanted(pair.Value)).Select(pair => pair.Key)];
        return paths.Length == 0 ? null : paths[random.Next(paths.Length)];
    }

    private byte[] RandomBytes(int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static Errno OnFile(string path, Func<int, long> call)
    {
        int file = Syscall.open(path, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC);
        if (file < 0) return Stdlib.GetLastError();
        Errno errno = call(file) < 0 ? Stdlib.GetLastError() : default;
        return Syscall.close(file) < 0 && errno == default ? Stdlib.GetLastError() : errno;
    }

    /// <summary>Writes all bytes: the kernel may send several requests, and the server end between two.</summary>
    private static unsafe long WriteAt(int file, byte[] bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                nint written = Kernel.WriteAt(file, start + done, (nuint)(bytes.Length - done), offset + done);
                if (written < 0) return written;
                done += (int)written;
            }
        }

        return bytes.Length;
    }

    private static Errno Result(long result) => result < 0 ? Stdlib.GetLastError() : default;
}
