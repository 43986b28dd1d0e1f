using System.Buffers.Binary;
using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>Every request that is recorded, in the shapes that leave different things behind.</summary>
internal static class RequestCases
{
    private const int ListingBytesMax = 4096;

    private static readonly RequestCase[] Lookups =
    [
        new("LOOKUP of a file", Given(File("old", 100), at => (volume, worker) =>
            Reply(volume.DefaultTree.Lookup(worker, at, Name("old"), out InodeAttributes found), found))),
        new("LOOKUP of a directory that is looked up already",
            Given(Both(Folder("old"), Held("old")), at => (volume, worker) =>
            Reply(volume.DefaultTree.Lookup(worker, at, Name("old"), out InodeAttributes found), found))),
        new("LOOKUP of an inode by its number", (user, at) =>
        {
            File("old")(user, at);
            InodeNumber inode = Find(user, $"{at}/old");
            return (volume, worker) => Reply(volume.DefaultTree.LookupSelf(worker, inode, out InodeAttributes found),
                found);
        }),
        new("LOOKUP of an orphan by its number", (user, at) =>
        {
            File("old", 100)(user, at);
            InodeNumber inode = user.Hold($"{at}/old");
            Do(user.Unlink($"{at}/old"));
            return (volume, worker) => Reply(volume.DefaultTree.LookupSelf(worker, inode, out InodeAttributes found),
                found);
        }),
        new("LOOKUP of a parent", (user, at) =>
        {
            Folder("sub")(user, at);
            InodeNumber directory = Find(user, $"{at}/sub");
            return (volume, worker) => Reply(volume.DefaultTree.LookupParent(worker, directory,
                out InodeAttributes found), found);
        }),
        new("listing of a few names",
            Given(Both(Both(File("one"), Folder("two")), Both(File("three", 50), Held("one"))), List)),
        new("listing of more names", Given((user, at) =>
        {
            for (int index = 0; index < 8; index++) File($"name {index}")(user, at);
        }, List)),
        new("listing of an empty directory", Given(Nothing, List)),
    ];

    private static readonly RequestCase[] Makings =
    [
        new("create a file", Given(Nothing, at => Create(at, ModeBits.Regular | 0x1A4))),
        new("create a file below a default ACL", Given(
            (user, at) => Do(user.SetXattr(at, "system.posix_acl_default", Acl)), at =>
                Create(at, ModeBits.Regular | 0x1B6))),
        new("create a directory", Given(Nothing, at => Create(at, ModeBits.Directory | 0x1ED))),
        new("create a device", Given(Nothing, at => Create(at, ModeBits.BlockDevice | 0x1B6))),
        new("create a short symbolic link", Given(Nothing, at => Create(at, ModeBits.SymbolicLink | 0x1FF, 20))),
        new("create a long symbolic link", Given(Nothing, at => Create(at, ModeBits.SymbolicLink | 0x1FF, 4000))),
        new("create an unnamed file", Given(Nothing, at => (volume, worker) =>
        {
            var node = new NewNode { Mode = ModeBits.Regular | 0x180, UserId = 7, GroupId = 8 };
            return Reply(volume.DefaultTree.CreateUnnamed(worker, at, in node, out InodeAttributes made), made);
        })) { UsesAnyPendingList = true },
        new("link", (user, at) =>
        {
            File("old", 100)(user, at);
            InodeNumber directory = Find(user, at);
            InodeNumber inode = Find(user, $"{at}/old");
            return (volume, worker) =>
                Reply(volume.DefaultTree.Link(worker, inode, directory, Name("new"), out InodeAttributes linked),
                    linked);
        }),
        new("name an unnamed file", (user, at) =>
        {
            InodeNumber directory = Find(user, at);
            Do(user.CreateUnnamed(at, out InodeNumber inode));
            return (volume, worker) =>
                Reply(volume.DefaultTree.Link(worker, inode, directory, Name("new"), out InodeAttributes linked),
                    linked);
        }) { UsesAnyPendingList = true },
    ];

    private static readonly RequestCase[] Removals =
    [
        new("unlink an empty file", Given(File("old"), at => Unlink(at, "old"))),
        new("unlink a file of many blocks", Given(File("old", 40_000), at => Unlink(at, "old"))),
        new("unlink one of two names", Given(Both(File("old"), (user, at) => Do(user.Link($"{at}/old", $"{at}/other"))),
            at => Unlink(at, "old"))),
        new("unlink a held file", Given(Both(File("old", 5000), Held("old")), at => Unlink(at, "old"))),
        new("remove a directory",
            Given(Folder("old"), at => (volume, worker) => Reply(volume.DefaultTree.RemoveDirectory(worker, at,
                Name("old"))))),
        new("remove a held directory", Given(Both(Folder("old"), Held("old")),
            at => (volume, worker) => Reply(volume.DefaultTree.RemoveDirectory(worker, at, Name("old"))))),
        new("rename", Given(File("old"), at => Rename(at, at))),
        new("rename to another directory", Elsewhere(Both(Folder("old"), Folder("sub"))))
        {
            MovesBetweenDirectories = true,
        },
        new("rename over a file", Given(Both(File("old", 10), File("new", 9000)), at => Rename(at, at))),
        new("rename over a held file",
            Given(Both(File("old", 10), Both(File("new", 9000), Held("new"))), at => Rename(at, at))),
        new("rename over a directory", Given(Both(Folder("old"), Folder("new")), at => Rename(at, at))),
        new("rename without replacing", Given(File("old"), at => Rename(at, at, RenameMode.NoReplace))),
        new("exchange", Given(Both(File("old", 10), Folder("new")), at => Rename(at, at, RenameMode.Exchange))),
        new("exchange between directories",
            Elsewhere(Both(Folder("old"), Both(Folder("sub"), File("sub/new"))), RenameMode.Exchange))
            { MovesBetweenDirectories = true },
        new("rename with whiteout", Given(File("old"), at => Rename(at, at, RenameMode.Whiteout))),
        new("rename over a file with whiteout",
            Given(Both(File("old"), File("new", 3000)), at => Rename(at, at, RenameMode.Whiteout))),
        new("rename with whiteout without replacing",
            Given(File("old"), at => Rename(at, at, RenameMode.Whiteout | RenameMode.NoReplace))),
    ];

    private static readonly RequestCase[] Attributes =
    [
        new("set an attribute that must not exist", OnFile(Nothing, SetXattr("user.new", 50, XattrSetFlags.Create))),
        new("set a large attribute", OnFile(Nothing, SetXattr("user.new", 9000, XattrSetFlags.None))),
        new("replace an attribute", OnFile(Xattrs, SetXattr("user.one", 300, XattrSetFlags.Replace))),
        new("replace a large attribute", OnFile(Xattrs, SetXattr("user.large", 6000, XattrSetFlags.Replace))),
        new("set an access ACL", OnFile(Nothing, inode => (volume, worker) =>
            Reply(volume.DefaultTree.SetXattr(worker, inode, "system.posix_acl_access"u8, Acl,
                XattrSetFlags.KillSetGroupId)))),
        new("set a default ACL", (user, at) =>
        {
            InodeNumber directory = Find(user, at);
            return (volume, worker) =>
                Reply(volume.DefaultTree.SetXattr(worker, directory, "system.posix_acl_default"u8, Acl,
                    XattrSetFlags.None));
        }),
        new("remove an attribute",
            OnFile(Xattrs, inode => (volume, worker) => Reply(volume.DefaultTree.RemoveXattr(worker, inode,
                "user.one"u8)))),
        new("remove a large attribute",
            OnFile(Xattrs, inode => (volume, worker) => Reply(volume.DefaultTree.RemoveXattr(worker, inode,
                "user.large"u8)))),
        new("remove an ACL", OnFile((user, at) => Do(user.SetXattr($"{at}/file", "system.posix_acl_access", Acl)),
            inode => (volume, worker) => Reply(volume.DefaultTree.RemoveXattr(worker, inode,
                "system.posix_acl_access"u8)))),
    ];

    public static IReadOnlyList<RequestCase> All { get; } = [.. Lookups, .. Makings, .. Removals, .. Attributes];

    /// <summary>An ACL with an entry for user 5: version 2, then tag, permissions and id of each.</summary>
    public static byte[] Acl { get; } =
    [
        2, 0, 0, 0,
        1, 0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 6, 0, 5, 0, 0, 0, 4, 0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF,
        16, 0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF, 32, 0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF,
    ];

    private static Func<VolumeUser, string, Func<Volume, Worker, RequestReply>> Given(
        Action<VolumeUser, string> prepare, Func<InodeNumber, Func<Volume, Worker, RequestReply>> ask) => (user, at) =>
    {
        prepare(user, at);
        return ask(Find(user, at));
    };

    private static Func<VolumeUser, string, Func<Volume, Worker, RequestReply>> OnFile(
        Action<VolumeUser, string> prepare, Func<InodeNumber, Func<Volume, Worker, RequestReply>> ask) => (user, at) =>
    {
        File("file")(user, at);
        prepare(user, at);
        return ask(Find(user, $"{at}/file"));
    };

    private static Func<VolumeUser, string, Func<Volume, Worker, RequestReply>> Elsewhere(
        Action<VolumeUser, string> prepare, RenameMode mode = RenameMode.Replace) => (user, at) =>
    {
        prepare(user, at);
        return Rename(Find(user, at), Find(user, $"{at}/sub"), mode);
    };

    private static Func<Volume, Worker, RequestReply> Create(InodeNumber directory, uint mode, int targetLength = 0) =>
        (volume, worker) =>
    {
        var node = new NewNode { Mode = mode, UserId = 5, GroupId = 6, DeviceNumber = 0x801 };
        byte[] target = [.. Enumerable.Repeat((byte)'t', targetLength)];
        return Reply(volume.DefaultTree.Create(worker, directory, Name("new"), in node, target,
            out InodeAttributes made), made);
    };

    private static Func<Volume, Worker, RequestReply> Unlink(InodeNumber directory, string name) =>
        (volume, worker) => Reply(volume.DefaultTree.Unlink(worker, directory, Name(name)));

    private static Func<Volume, Worker, RequestReply> Rename(
        InodeNumber from, InodeNumber to, RenameMode mode = RenameMode.Replace) =>
        (volume, worker) => Reply(volume.DefaultTree.Rename(
            worker, new DirectoryName(from, Name("old")), new DirectoryName(to, Name("new")), mode, Credentials.Root));

    private static Func<InodeNumber, Func<Volume, Worker, RequestReply>> SetXattr(
        string name, int length, XattrSetFlags flags) =>
        inode => (volume, worker) =>
            Reply(volume.DefaultTree.SetXattr(
                worker, inode, Encoding.Latin1.GetBytes(name), Crash.CrashCases.Bytes(length), flags));

    /// <summary>READDIRPLUS: number, generation, mode and name of each entry.</summary>
    private static Func<Volume, Worker, RequestReply> List(InodeNumber directory) => (volume, worker) =>
    {
        byte[] reply = new byte[ListingBytesMax];
        int length = 0;
        Errno error = volume.DefaultTree.ReadDirectory(worker, directory, 0, out DirectoryReader reader);
        if (error != Errno.OK) return Reply(error);
        using (reader)
        {
            while (!reader.IsFull && reader.MoveNext())
            {
                InodeAttributes attributes = reader.IsDot ? default : reader.NameInode();
                BinaryPrimitives.WriteUInt64LittleEndian(reply.AsSpan(length), attributes.Inode.Value);
                BinaryPrimitives.WriteUInt32LittleEndian(reply.AsSpan(length + 8), attributes.Generation);
                BinaryPrimitives.WriteUInt32LittleEndian(reply.AsSpan(length + 12), attributes.Mode);
                reader.Name.CopyTo(reply.AsSpan(length + 16));
                length += 16 + reader.Name.Length;
            }
            Assert.True(volume.DefaultTree.TryCountListing(worker, reply.AsSpan(0, length)));
        }
        return new RequestReply(Errno.OK, Listing: reply[..length]);
    };

    private static RequestReply Reply(Errno error, InodeAttributes attributes = default) => new(error, attributes);

    private static void Nothing(VolumeUser user, string at)
    {
    }

    private static void Xattrs(VolumeUser user, string at)
    {
        Do(user.SetXattr($"{at}/file", "user.one", Crash.CrashCases.Bytes(20)));
        Do(user.SetXattr($"{at}/file", "user.large", Crash.CrashCases.Bytes(7000)));
    }

    private static Action<VolumeUser, string> File(string name, int length = 0) => (user, at) =>
    {
        Do(user.CreateFile($"{at}/{name}"));
        if (length > 0) Do(user.Write($"{at}/{name}", 0, Crash.CrashCases.Bytes(length)));
    };

    private static Action<VolumeUser, string> Folder(string name) => (user, at) =>
        Do(user.CreateDirectory($"{at}/{name}"));

    private static Action<VolumeUser, string> Held(string name) => (user, at) => user.Hold($"{at}/{name}");

    private static Action<VolumeUser, string> Both(
        Action<VolumeUser, string> first, Action<VolumeUser, string> second) => (user, at) =>
    {
        first(user, at);
        second(user, at);
    };

    private static InodeNumber Find(VolumeUser user, string path)
    {
        Do(user.Find(path, out InodeNumber inode));
        return inode;
    }

    private static FileName Name(string text)
    {
        Do(FileName.TryCreate(Encoding.Latin1.GetBytes(text), out FileName name));
        return name;
    }

    private static void Do(Errno error) => Assert.Equal(Errno.OK, error);
}
