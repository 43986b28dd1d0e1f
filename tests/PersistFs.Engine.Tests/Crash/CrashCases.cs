using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Crash;

/// <summary>Every operation of a volume, in every shape that takes another way through the engine.</summary>
internal static class CrashCases
{
    private const int Kilobyte = 1024;
    private const string LongTarget = "far/";

    private static readonly CrashCase[] Names =
    [
        new("create file", Nothing, (user, at) => Do(user.CreateFile($"{at}/new"))),
        new("create file with the longest name", Nothing,
            (user, at) => Do(user.CreateFile($"{at}/{new string('n', 255)}"))),
        new("create directory", Nothing, (user, at) => Do(user.CreateDirectory($"{at}/new"))),
        new("create device", Nothing,
            (user, at) => Do(user.Create($"{at}/new", ModeBits.BlockDevice | 0x1B6, 0x801, []))),
        new("create pipe", Nothing, (user, at) => Do(user.Create($"{at}/new", ModeBits.Fifo | 0x1B6, 0, []))),
        new("create short symbolic link", Nothing, (user, at) => Do(user.CreateSymbolicLink($"{at}/new", "target"))),
        new("create long symbolic link", Nothing,
            (user, at) => Do(user.CreateSymbolicLink($"{at}/new", Repeat(LongTarget, 1000)))),
        new("create unnamed file", Nothing,
            (user, at) => Do(user.CreateUnnamed(at, out _))) { UsesAnyPendingList = true },
        new("name an unnamed file", Nothing, (user, at) =>
        {
            Do(user.CreateUnnamed(at, out InodeNumber inode));
            Do(user.Link(inode, $"{at}/named"));
        }) { HasSteps = true, UsesAnyPendingList = true },
        new("link", File("old"), (user, at) => Do(user.Link($"{at}/old", $"{at}/new"))),
        new("unlink an empty file", File("old"), (user, at) => Do(user.Unlink($"{at}/old"))),
        new("unlink one of two names", Both(File("old"), (user, at) => Do(user.Link($"{at}/old", $"{at}/other"))),
            (user, at) => Do(user.Unlink($"{at}/old"))),
        new("unlink a packed file", File("old", 1000), (user, at) => Do(user.Unlink($"{at}/old"))),
        new("unlink a mapped file", File("old", 30_000), (user, at) => Do(user.Unlink($"{at}/old"))),
        new("unlink a symbolic link", (user, at) => Do(user.CreateSymbolicLink($"{at}/old", "target")),
            (user, at) => Do(user.Unlink($"{at}/old"))),
        new("unlink a file with attributes", Both(File("old"), Xattrs("old")),
            (user, at) => Do(user.Unlink($"{at}/old"))),
        new("unlink a held file and let it go", File("old", 20_000), (user, at) =>
        {
            InodeNumber inode = user.Hold($"{at}/old");
            Do(user.Unlink($"{at}/old"));
            user.LetGo(inode);
        }),
        new("remove directory", Folder("old"), (user, at) => Do(user.RemoveDirectory($"{at}/old"))),
    ];

    private static readonly CrashCase[] Renames =
    [
        new("rename", File("old"), (user, at) => Do(user.Rename($"{at}/old", $"{at}/new"))),
        new("rename to a longer name", File("old"),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/{new string('n', 200)}"))),
        new("rename to another directory", Both(File("old"), Folder("sub")),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/sub/new")))
            { MovesBetweenDirectories = true },
        new("rename directory to another directory", Both(Folder("old"), Folder("sub")),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/sub/new")))
            { MovesBetweenDirectories = true },
        new("rename over a file", Both(File("old", 100), File("new", 30_000)),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/new"))),
        new("rename over a directory", Both(Folder("old"), Folder("new")),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/new"))),
        new("rename over a directory elsewhere", Both(Folder("old"), Both(Folder("sub"), Folder("sub/new"))),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/sub/new")))
            { MovesBetweenDirectories = true },
        new("rename without replacing", File("old"),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/new", RenameMode.NoReplace))),
        new("exchange", Both(File("old", 10), Folder("new")),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/new", RenameMode.Exchange))),
        new("exchange between directories", Both(Folder("old"), Both(Folder("sub"), File("sub/new"))),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/sub/new", RenameMode.Exchange)))
            { MovesBetweenDirectories = true },
        new("rename with whiteout", File("old"),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/new", RenameMode.Whiteout))),
        new("rename over a file with whiteout", Both(File("old"), File("new", 3000)),
            (user, at) => Do(user.Rename($"{at}/old", $"{at}/new", RenameMode.Whiteout))),
    ];

    private static readonly CrashCase[] Contents =
    [
        new("write into an empty file", File("file"), (user, at) => Do(user.Write($"{at}/file", 0, Bytes(100)))),
        new("append within an object", File("file", 70), (user, at) => Do(user.Write($"{at}/file", 70, Bytes(20)))),
        new("append beyond an object", File("file", 100), (user, at) => Do(user.Write($"{at}/file", 100, Bytes(700)))),
        new("append beyond packing", File("file", 2000), (user, at) => Do(user.Write($"{at}/file", 2000, Bytes(100)))),
        new("append a block", File("file", 8192), (user, at) => Do(user.Write($"{at}/file", 8192, Bytes(4096)))),
        new("append within a block", File("file", 5000), (user, at) => Do(user.Write($"{at}/file", 5000, Bytes(100)))),
        new("append beyond a small root", File("file", 8 * 4096),
            (user, at) => Do(user.Write($"{at}/file", 8 * 4096, Bytes(100)))),
        new("append beyond a medium root", File("file", 64 * 4096),
            (user, at) => Do(user.Write($"{at}/file", 64 * 4096, Bytes(100)))),
        new("append beyond a full root", File("file", 10),
            (user, at) => Do(user.Write($"{at}/file", 512 * 4096, Bytes(100)))),
        new("write far behind the end", File("file", 10),
            (user, at) => Do(user.Write($"{at}/file", long.MaxValue - 99, Bytes(99)))),
        new("write many blocks", File("file"),
            (user, at) => Do(user.Write($"{at}/file", 0, Bytes(100 * Kilobyte)))) { IsLarge = true },
        new("overwrite packed contents", File("file", 900),
            (user, at) => Do(user.Write($"{at}/file", 100, Bytes(500)))) { MayTearData = true },
        new("overwrite blocks", File("file", 20_000),
            (user, at) => Do(user.Write($"{at}/file", 3000, Bytes(9000)))) { MayTearData = true },
        new("overwrite and append", File("file", 20_000),
            (user, at) => Do(user.Write($"{at}/file", 15_000, Bytes(9000)))) { MayTearData = true },
        new("write into holes and blocks",
            Both(File("file", 5000), (user, at) => Do(user.Write($"{at}/file", 30_000, Bytes(5000)))),
            (user, at) => Do(user.Write($"{at}/file", 2000, Bytes(30_000)))) { MayTearData = true },
        new("cut packed contents", File("file", 900), (user, at) => Do(user.SetSize($"{at}/file", 100))),
        new("cut packed contents to nothing", File("file", 900), (user, at) => Do(user.SetSize($"{at}/file", 0))),
        new("cut blocks", File("file", 40_000), (user, at) => Do(user.SetSize($"{at}/file", 5000))),
        new("cut blocks to nothing", File("file", 40_000), (user, at) => Do(user.SetSize($"{at}/file", 0))),
        new("grow a packed file within its object", File("file", 65),
            (user, at) => Do(user.SetSize($"{at}/file", 128))),
        new("grow a packed file beyond packing", File("file", 900),
            (user, at) => Do(user.SetSize($"{at}/file", 1 << 20))),
        new("grow a mapped file", File("file", 9000), (user, at) => Do(user.SetSize($"{at}/file", 1 << 30))),
        new("copy packed contents", Both(File("file", 900), File("copy")), (user, at) => Do(Copy(user, at, 900)))
            { HasSteps = true },
        new("copy blocks over blocks", Both(File("file", 9000), File("copy", 9000)),
            (user, at) => Do(Copy(user, at, 9000)))
            { MayTearData = true, HasSteps = true },
    ];

    private static readonly CrashCase[] Room =
    [
        new("allocate blocks", File("file", 5000),
            (user, at) => Do(user.Allocate($"{at}/file", 0, 40_000, FallocateMode.Allocate)))
            { HasSteps = true },
        new("allocate behind the end", File("file", 5000),
            (user, at) => Do(user.Allocate($"{at}/file", 4096, 40_000, FallocateMode.KeepSize)))
            { HasSteps = true },
        new("allocate for a packed file", File("file", 50),
            (user, at) => Do(user.Allocate($"{at}/file", 0, 1500, FallocateMode.Allocate))),
        new("punch whole blocks", File("file", 40_000),
            (user, at) => Do(user.Allocate($"{at}/file", 4096, 8192, FallocateMode.PunchHole | FallocateMode.KeepSize)))
            { MayTearData = true, HasSteps = true },
        new("punch parts of blocks", File("file", 40_000),
            (user, at) =>
                Do(user.Allocate($"{at}/file", 1000, 20_000, FallocateMode.PunchHole | FallocateMode.KeepSize)))
            { MayTearData = true, HasSteps = true },
        new("zero a range", File("file", 20_000),
            (user, at) => Do(user.Allocate($"{at}/file", 1000, 30_000, FallocateMode.ZeroRange)))
            { MayTearData = true, HasSteps = true },
    ];

    private static readonly CrashCase[] Attributes =
    [
        new("set attributes of the inode", File("file"),
            (user, at) => Do(user.SetAttributes($"{at}/file", new AttributeChange
        {
            Mode = 0x180, UserId = 9, GroupId = 10, AccessTime = TimeChange.At(5, 6), ModificationTime = TimeChange.Now,
            KillsSetIds = true,
        }))),
        new("set flags", File("file"), (user, at) =>
        {
            Do(user.Find($"{at}/file", out InodeNumber inode));
            Do(user.Tree.SetFlags(user.Worker, inode, InodeFlags.NoDump));
        }),
        new("set a new extended attribute", File("file"),
            (user, at) => Do(user.SetXattr($"{at}/file", "user.new", Bytes(50)))),
        new("replace an extended attribute", Both(File("file"), Xattrs("file")),
            (user, at) => Do(user.SetXattr($"{at}/file", "user.one", Bytes(300)))),
        new("set a large extended attribute", File("file"),
            (user, at) => Do(user.SetXattr($"{at}/file", "user.new", Bytes(20_000)))),
        new("replace a large extended attribute", Both(File("file"), Xattrs("file")),
            (user, at) => Do(user.SetXattr($"{at}/file", "user.large", Bytes(9000)))),
        new("remove an extended attribute", Both(File("file"), Xattrs("file")),
            (user, at) => Do(user.RemoveXattr($"{at}/file", "user.one"))),
        new("remove a large extended attribute", Both(File("file"), Xattrs("file")),
            (user, at) => Do(user.RemoveXattr($"{at}/file", "user.large"))),
        new("change the mode with an ACL",
            Both(File("file"), (user, at) => Do(user.SetXattr($"{at}/file", "system.posix_acl_access", Acl))),
            (user, at) => Do(user.SetAttributes($"{at}/file", new AttributeChange { Mode = 0x1C0 }))),
        new("create below a default ACL", (user, at) => Do(user.SetXattr(at, "system.posix_acl_default", Acl)),
            (user, at) => Do(user.CreateFile($"{at}/new"))),
    ];

    public static IReadOnlyList<CrashCase> All { get; } = [.. Names, .. Renames, .. Contents, .. Room, .. Attributes];

    /// <summary>An ACL with an entry for user 5: version 2, then tag, permissions and id of each.</summary>
    private static byte[] Acl { get; } =
    [
        2, 0, 0, 0,
        1, 0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 6, 0, 5, 0, 0, 0, 4, 0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF,
        16, 0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF, 32, 0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF,
    ];

    /// <summary>Bytes that are not zero and differ from place to place.</summary>
    public static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        for (int index = 0; index < length; index++) bytes[index] = (byte)(1 + index * 7 % 251);
        return bytes;
    }

    private static void Do(Errno error) => Assert.Equal(Errno.OK, error);

    private static void Nothing(VolumeUser user, string at)
    {
    }

    private static Action<VolumeUser, string> File(string name, int length = 0) => (user, at) =>
    {
        Do(user.CreateFile($"{at}/{name}"));
        if (length > 0) Do(user.Write($"{at}/{name}", 0, [.. Bytes(length).Reverse()]));
    };

    private static Action<VolumeUser, string> Folder(string name) => (user, at) =>
        Do(user.CreateDirectory($"{at}/{name}"));

    private static Action<VolumeUser, string> Xattrs(string name) => (user, at) =>
    {
        Do(user.SetXattr($"{at}/{name}", "user.one", Bytes(20)));
        Do(user.SetXattr($"{at}/{name}", "user.large", Bytes(10_000)));
        Do(user.SetXattr($"{at}/{name}", "trusted.two", Bytes(200)));
    };

    private static Action<VolumeUser, string> Both(
        Action<VolumeUser, string> first, Action<VolumeUser, string> second) => (user, at) =>
    {
        first(user, at);
        second(user, at);
    };

    private static Errno Copy(VolumeUser user, string at, ulong length) =>
        user.CopyRange($"{at}/file", 0, $"{at}/copy", 0, length, out _);

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
