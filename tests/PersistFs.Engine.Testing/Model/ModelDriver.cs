using PersistFs.Engine.Format;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Model;

/// <summary>Does random operations, each to a volume and to the model, and compares the answers.</summary>
/// <remarks>
/// Everything happens below one directory, so that several drivers can work on one volume at the same time.
/// </remarks>
internal sealed class ModelDriver
{
    private const int PathsMax = 60;
    private const int DepthMax = 4;
    private const int NamesPerDirectory = 8;
    private const int HeldMax = 4;
    private const ulong SizeMax = 300_000;

    private static readonly string[] XattrNames = ["user.one", "user.two", "trusted.three", "security.four"];
    private static readonly uint[] Types =
    [
        ModeBits.Regular, ModeBits.Regular, ModeBits.Regular, ModeBits.Directory, ModeBits.Directory, ModeBits.Fifo,
        ModeBits.Socket, ModeBits.CharacterDevice, ModeBits.BlockDevice,
    ];

    private readonly VolumeUser user;
    private readonly string place;
    private readonly SeededRandom random;
    private readonly List<(InodeNumber Inode, ReferenceNode Node)> held = [];

    /// <param name="user">Works on the volume.</param>
    /// <param name="place">An empty directory that exists.</param>
    /// <param name="random">Decides everything.</param>
    public ModelDriver(VolumeUser user, string place, SeededRandom random)
    {
        this.user = user;
        this.place = place;
        this.random = random;
        Require(Errno.OK, user.SetAttributes(place, new AttributeChange { Mode = 0x1ED, UserId = 1, GroupId = 2 }));
        Model = new ReferenceFileSystem(new ReferenceNode
        {
            Mode = ModeBits.Directory | 0x1ED,
            UserId = 1,
            GroupId = 2,
            LinkCount = 2,
        });
    }

    public ReferenceFileSystem Model { get; }

    /// <summary>What the last operation was, for people.</summary>
    public string LastOperation { get; private set; } = "nothing";

    /// <summary>Whether it may leave bytes of what it overwrites in part, when it is killed.</summary>
    public bool LastMayTearData { get; private set; }

    /// <summary>Chooses an operation, does it to the model, and returns what does it to the volume.</summary>
    /// <returns>The operation, which throws if the volume answers otherwise than the model.</returns>
    public Action Next()
    {
        LastMayTearData = false;
        return random.Next(24) switch
        {
            < 5 => Create(),
            5 or 6 => Unlink(),
            7 => RemoveDirectory(),
            8 or 9 or 10 => Rename(),
            11 => Link(),
            12 or 13 or 14 => Write(),
            15 => SetSize(),
            16 => Allocate(),
            17 => CopyRange(),
            18 or 19 => ChangeXattr(),
            20 => ChangeMode(),
            21 => Hold(),
            22 => LetGo(),
            _ => Read(),
        };
    }

    /// <summary>Gives back all references.</summary>
    public void LetGoOfAll()
    {
        while (held.Count > 0) LetGo()();
    }

    private Action Create()
    {
        string path = NewPath();
        uint mode = random.Pick(Types) | (uint)random.Next(0x200);
        if (ModeBits.IsDirectory(mode) && random.OneIn(5)) mode |= ModeBits.SetGroupId;
        uint device = (mode & ModeBits.TypeMask) is ModeBits.CharacterDevice or ModeBits.BlockDevice
            ? (uint)random.NextWord()
            : 0;
        byte[] target = [];
        if (random.OneIn(8))
        {
            mode = ModeBits.SymbolicLink | 0x1FF;
            device = 0;
            target = Bytes(1 + random.Next(random.OneIn(3) ? 4095 : 100));
        }
        return Expect(
            $"create {path} with mode 0{Convert.ToString(mode, 8)}", Model.Create(path, mode, device, target),
            () => user.Create(place + path, mode, device, target));
    }

    private Action Unlink()
    {
        string path = AnyPath();
        return Expect($"unlink {path}", Model.Unlink(path), () => user.Unlink(place + path));
    }

    private Action RemoveDirectory()
    {
        string path = AnyPath();
        return Expect($"rmdir {path}", Model.RemoveDirectory(path), () => user.RemoveDirectory(place + path));
    }

    private Action Rename()
    {
        string oldPath = AnyPath();
        string newPath = random.OneIn(2) ? NewPath() : AnyPath();
        RenameMode mode = random.Next(10) switch
        {
            0 => RenameMode.NoReplace,
            1 or 2 => RenameMode.Exchange,
            3 => RenameMode.Whiteout,
            _ => RenameMode.Replace,
        };
        return Expect(
            $"rename {oldPath} to {newPath} ({mode})", Model.Rename(oldPath, newPath, mode),
            () => user.Rename(place + oldPath, place + newPath, mode));
    }

    private Action Link()
    {
        (InodeNumber inode, ReferenceNode node) = PickFile(out string name);
        string path = NewPath();
        // The kernel refuses to name what has lost its last name.
        if (node.LinkCount == 0) return Read();
        return Expect($"link {name} to {path}", Model.Link(node, path), () => user.Link(inode, place + path));
    }

    private Action Write()
    {
        (InodeNumber inode, ReferenceNode node) = PickFile(out string name);
        ulong offset = Offset(node);
        byte[] data = Bytes(
            random.Next(4) switch { 0 => random.Next(30_000), 1 => random.Next(5000), _ => random.Next(300) });
        LastMayTearData = true;
        return Expect(
            $"write {data.Length} bytes at {offset} of {name}", Model.Write(node, offset, data),
            () => user.Tree.Write(user.Worker, inode, offset, data));
    }

    private Action SetSize()
    {
        (InodeNumber inode, ReferenceNode node) = PickFile(out string name);
        ulong size = random.OneIn(20) ? random.NextWord() : Offset(node);
        return Expect(
            $"set the size of {name} to {size}", Model.SetSize(node, size), () =>
                user.Tree.SetSize(user.Worker, inode, size));
    }

    private Action Allocate()
    {
        (InodeNumber inode, ReferenceNode node) = PickFile(out string name);
        ulong offset = Offset(node) % SizeMax;
        ulong length = random.Next(0, 60_000);
        FallocateMode mode = random.Pick<FallocateMode>(
        [
            FallocateMode.Allocate, FallocateMode.KeepSize, FallocateMode.PunchHole | FallocateMode.KeepSize,
            FallocateMode.PunchHole | FallocateMode.KeepSize, FallocateMode.ZeroRange,
            FallocateMode.ZeroRange | FallocateMode.KeepSize,
        ]);
        LastMayTearData = true;
        return Expect(
            $"fallocate ({mode}) {length} bytes at {offset} of {name}", Model.Allocate(node, offset, length, mode),
            () => user.Tree.Allocate(user.Worker, inode, offset, length, mode));
    }

    private Action CopyRange()
    {
        (InodeNumber source, ReferenceNode from) = PickFile(out string sourceName);
        (InodeNumber target, ReferenceNode to) = PickFile(out string targetName);
        ulong sourceOffset = Offset(from) % SizeMax;
        ulong targetOffset = Offset(to) % SizeMax;
        ulong length = random.Next(0, 40_000);
        LastMayTearData = true;
        return Expect(
            $"copy {length} bytes from {sourceOffset} of {sourceName} to {targetOffset} of {targetName}",
            Model.CopyRange(from, sourceOffset, to, targetOffset, length),
            () => user.Tree.CopyRange(
                user.Worker, new FilePosition(source, sourceOffset), new FilePosition(target, targetOffset), length,
                out _));
    }

    private Action ChangeXattr()
    {
        (InodeNumber inode, ReferenceNode node) = PickAny(out string path);
        string name = random.Pick(XattrNames);
        byte[] nameBytes = System.Text.Encoding.Latin1.GetBytes(name);
        if (random.OneIn(3))
        {
            return Expect(
                $"remove {name} of {path}", Model.RemoveXattr(node, name),
                () => user.Tree.RemoveXattr(user.Worker, inode, nameBytes));
        }
        byte[] value = Bytes(random.OneIn(5) ? random.Next(20_000) : random.Next(200));
        XattrSetFlags flags = random.Pick<XattrSetFlags>(
            [XattrSetFlags.None, XattrSetFlags.None, XattrSetFlags.Create, XattrSetFlags.Replace]);
        return Expect(
            $"set {name} of {path} to {value.Length} bytes ({flags})", Model.SetXattr(node, name, value, flags),
            () => user.Tree.SetXattr(user.Worker, inode, nameBytes, value, flags));
    }

    private Action ChangeMode()
    {
        (InodeNumber inode, ReferenceNode node) = PickAny(out string path);
        uint permissions = (uint)random.Next(0x400);
        return Expect(
            $"chmod {path} to 0{Convert.ToString(permissions, 8)}", Model.ChangeMode(node, permissions),
            () => user.Tree.SetAttributes(
                user.Worker, inode, new AttributeChange { Mode = permissions }, Credentials.Root, out _));
    }

    private Action Hold()
    {
        string path = AnyPath();
        bool isFile = Model.Find(path, out ReferenceNode node) == Errno.OK && node.IsRegular;
        if (!isFile || held.Count >= HeldMax) return Read();
        return Expect($"open {path}", Errno.OK, () =>
        {
            held.Add((user.Hold(place + path), node));
            return Errno.OK;
        });
    }

    private Action LetGo()
    {
        if (held.Count == 0) return Read();
        int index = random.Next(held.Count);
        return Expect("close", Errno.OK, () =>
        {
            user.LetGo(held[index].Inode);
            held.RemoveAt(index);
            return Errno.OK;
        });
    }

    private Action Read()
    {
        (InodeNumber inode, ReferenceNode node) = PickFile(out string name);
        ulong offset = Offset(node);
        int length = random.Next(50_000);
        byte[] expected = node.IsRegular ? node.Read(offset, length) : [];
        Errno error = node.IsDirectory ? Errno.EISDIR : node.IsRegular ? Errno.OK : Errno.EINVAL;
        return Expect($"read {length} bytes at {offset} of {name}", error,
            () => ReadAndCompare(inode, offset, length, expected));
    }

    private unsafe Errno ReadAndCompare(InodeNumber inode, ulong offset, int length, byte[] expected)
    {
        Span<IoVector> segments = stackalloc IoVector[Tree.SegmentsMax((uint)length)];
        Errno error = user.Tree.Read(
            user.Worker, inode, offset, (uint)length, segments, out int count, out uint bytesRead);
        if (error != Errno.OK) return error;
        bool isEqual = bytesRead == expected.Length;
        ReadOnlySpan<byte> rest = expected;
        foreach (IoVector segment in segments[..count])
        {
            var bytes = new ReadOnlySpan<byte>((void*)segment.Address, (int)segment.LengthInBytes);
            isEqual = isEqual && rest.StartsWith(bytes);
            rest = isEqual ? rest[bytes.Length..] : default;
        }
        user.Tree.EndRead(user.Worker);
        if (!isEqual)
        {
            throw new InvalidOperationException(
                $"{LastOperation}: the bytes are others, or {bytesRead} and not {expected.Length}.");
        }
        return Errno.OK;
    }

    private Action Expect(string operation, Errno expected, Func<Errno> act)
    {
        LastOperation = operation;
        return () => Require(expected, act());
    }

    private void Require(Errno expected, Errno actual)
    {
        if (expected != actual)
        {
            throw new InvalidOperationException($"{LastOperation}: {actual}, and should be {expected}.");
        }
    }

    /// <summary>A file that is held, or one that has a name.</summary>
    private (InodeNumber Inode, ReferenceNode Node) PickFile(out string name)
    {
        if (held.Count > 0 && random.OneIn(3))
        {
            name = "an open file";
            return random.Pick(held);
        }
        return PickAny(out name);
    }

    private (InodeNumber Inode, ReferenceNode Node) PickAny(out string path)
    {
        path = AnyPath();
        if (Model.Find(path, out ReferenceNode node) != Errno.OK) path = "";
        _ = Model.Find(path, out node);
        Require(Errno.OK, user.Find(place + path, out InodeNumber inode));
        return (inode, node);
    }

    /// <summary>Where to read or write: mostly in the file or near its end, now and then far away.</summary>
    private ulong Offset(ReferenceNode node) => random.Next(12) switch
    {
        0 => random.Next(0, long.MaxValue),
        1 or 2 => random.Next(0, SizeMax),
        3 or 4 => Math.Min(node.Size, SizeMax),
        5 => node.Size > 4096 ? Math.Min(node.Size, SizeMax) & ~4095UL : 0,
        _ => random.Next(0, Math.Min(node.Size, SizeMax) + 5000),
    };

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        random.Fill(bytes);
        return bytes;
    }

    /// <summary>A path that mostly exists.</summary>
    private string AnyPath()
    {
        var paths = new List<string>();
        Collect("", Model.Root, paths);
        return paths.Count == 0 || random.OneIn(12) ? NewPath() : random.Pick(paths);
    }

    /// <summary>A path in a directory that exists; perhaps it exists itself.</summary>
    private string NewPath()
    {
        string path = "";
        ReferenceNode node = Model.Root;
        for (int depth = 1; depth < DepthMax && random.OneIn(2); depth++)
        {
            KeyValuePair<string, ReferenceNode>[] below = [.. node.Children.Where(child => child.Value.IsDirectory)];
            if (below.Length == 0) break;
            (string name, node) = random.Pick(below);
            path += "/" + name;
        }
        int number = random.Next(NamesPerDirectory);
        // Most names are short; two are long, one of them as long as can be.
        int length = number switch { 0 => FileName.LengthMax, 1 => 60, _ => 1 };
        return $"{path}/{new string((char)('a' + number), length)}";
    }

    private static void Collect(string path, ReferenceNode node, List<string> paths)
    {
        foreach ((string name, ReferenceNode child) in node.Children)
        {
            if (paths.Count >= PathsMax) return;
            paths.Add($"{path}/{name}");
            if (child.IsDirectory) Collect($"{path}/{name}", child, paths);
        }
    }
}
