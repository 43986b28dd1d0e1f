namespace PersistFs.Fuse.Abi;

/// <summary>enum fuse_opcode of linux/fuse.h: what a request asks for.</summary>
public enum Opcode : uint
{
    Lookup = 1,
    Forget = 2,
    GetAttributes = 3,
    SetAttributes = 4,
    ReadLink = 5,
    SymbolicLink = 6,
    MakeNode = 8,
    MakeDirectory = 9,
    Unlink = 10,
    RemoveDirectory = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    StatFs = 17,
    Release = 18,
    Synchronize = 20,
    SetXattr = 21,
    GetXattr = 22,
    ListXattr = 23,
    RemoveXattr = 24,
    Flush = 25,
    Init = 26,
    OpenDirectory = 27,
    ReadDirectory = 28,
    ReleaseDirectory = 29,
    SynchronizeDirectory = 30,
    GetLock = 31,
    SetLock = 32,
    SetLockWait = 33,
    Access = 34,
    Create = 35,
    Interrupt = 36,
    BlockMap = 37,
    Destroy = 38,
    Ioctl = 39,
    Poll = 40,
    NotifyReply = 41,
    BatchForget = 42,
    Allocate = 43,
    ReadDirectoryPlus = 44,
    Rename2 = 45,
    Seek = 46,
    CopyFileRange = 47,
    SetUpMapping = 48,
    RemoveMapping = 49,
    SynchronizeFileSystem = 50,
    TemporaryFile = 51,
    Statx = 52,
    CopyFileRange64 = 53,
}

/// <summary>Every opcode with its traits: the one place that says more of an opcode than its handler does.</summary>
/// <remarks>With an opcode that has no row, or two, no session starts (<see cref="RequireRows"/>).</remarks>
public static class Opcodes
{
    /// <summary>All rows, as linux/fuse.h orders them.</summary>
    public static ReadOnlySpan<OpcodeTraits> All => Rows;

    /// <summary>The row of an opcode; for a number that is none, the traits of what is answered with ENOSYS.</summary>
    public static ref readonly OpcodeTraits TraitsOf(Opcode opcode)
    {
        uint index = (uint)opcode;
        return ref ByNumber[index < (uint)ByNumber.Length ? index : 0];
    }

    /// <summary>Fails where an opcode has no row: to be called before the first request is read.</summary>
    /// <exception cref="TypeInitializationException">An opcode has no row, or two.</exception>
    public static void RequireRows() => _ = TraitsOf(default);

    private static readonly OpcodeTraits[] Rows =
    [
        new(Opcode.Lookup, "LOOKUP", ReplyShape.Entry) { Recall = RecalledReply.Entry },
        new(Opcode.Forget, "FORGET", ReplyShape.None),
        new(Opcode.GetAttributes, "GETATTR", ReplyShape.Data),
        new(Opcode.SetAttributes, "SETATTR", ReplyShape.Data) { Changes = TreeChange.Always, AwaitsRoom = true },
        new(Opcode.ReadLink, "READLINK", ReplyShape.Data),
        new(Opcode.SymbolicLink, "SYMLINK", ReplyShape.Entry)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Entry,
        },
        new(Opcode.MakeNode, "MKNOD", ReplyShape.Entry)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Entry,
        },
        new(Opcode.MakeDirectory, "MKDIR", ReplyShape.Entry)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Entry,
        },
        new(Opcode.Unlink, "UNLINK", ReplyShape.Errno) { Changes = TreeChange.Always, Recall = RecalledReply.Errno },
        new(Opcode.RemoveDirectory, "RMDIR", ReplyShape.Errno)
        {
            Changes = TreeChange.Always, Recall = RecalledReply.Errno,
        },
        new(Opcode.Rename, "RENAME", ReplyShape.Errno)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Errno,
        },
        new(Opcode.Link, "LINK", ReplyShape.Entry)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Entry,
        },
        new(Opcode.Open, "OPEN", ReplyShape.Open),
        new(Opcode.Read, "READ", ReplyShape.Segments),
        new(Opcode.Write, "WRITE", ReplyShape.Written) { Changes = TreeChange.Always, AwaitsRoom = true },
        new(Opcode.StatFs, "STATFS", ReplyShape.Data),
        new(Opcode.Release, "RELEASE", ReplyShape.Errno),
        new(Opcode.Synchronize, "FSYNC", ReplyShape.Errno) { MayTakeLong = true },
        new(Opcode.SetXattr, "SETXATTR", ReplyShape.Errno)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Errno,
        },
        new(Opcode.GetXattr, "GETXATTR", ReplyShape.Data),
        new(Opcode.ListXattr, "LISTXATTR", ReplyShape.Data),
        new(Opcode.RemoveXattr, "REMOVEXATTR", ReplyShape.Errno)
        {
            Changes = TreeChange.Always, Recall = RecalledReply.Errno,
        },
        new(Opcode.Flush, "FLUSH", ReplyShape.Errno),
        new(Opcode.Init, "INIT", ReplyShape.Data),
        new(Opcode.OpenDirectory, "OPENDIR", ReplyShape.OpenDirectory),
        new(Opcode.ReadDirectory, "READDIR", ReplyShape.Data),
        new(Opcode.ReleaseDirectory, "RELEASEDIR", ReplyShape.Errno),
        new(Opcode.SynchronizeDirectory, "FSYNCDIR", ReplyShape.Errno) { MayTakeLong = true },
        new(Opcode.GetLock, "GETLK", ReplyShape.Errno) { IsServed = false },
        new(Opcode.SetLock, "SETLK", ReplyShape.Errno) { IsServed = false },
        new(Opcode.SetLockWait, "SETLKW", ReplyShape.Errno) { IsServed = false },
        new(Opcode.Access, "ACCESS", ReplyShape.Errno),
        new(Opcode.Create, "CREATE", ReplyShape.EntryAndOpen)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Entry,
        },
        new(Opcode.Interrupt, "INTERRUPT", ReplyShape.None) { IsServed = false },
        new(Opcode.BlockMap, "BMAP", ReplyShape.Errno) { IsServed = false },
        new(Opcode.Destroy, "DESTROY", ReplyShape.Errno),
        new(Opcode.Ioctl, "IOCTL", ReplyShape.Data) { Changes = TreeChange.WithInput, MayTakeLong = true },
        new(Opcode.Poll, "POLL", ReplyShape.Errno) { IsServed = false },
        new(Opcode.NotifyReply, "NOTIFY_REPLY", ReplyShape.None) { IsServed = false },
        new(Opcode.BatchForget, "BATCH_FORGET", ReplyShape.None) { MayTakeLong = true },
        new(Opcode.Allocate, "FALLOCATE", ReplyShape.Errno)
        {
            Changes = TreeChange.Always, MayTakeLong = true, AwaitsRoom = true,
        },
        new(Opcode.ReadDirectoryPlus, "READDIRPLUS", ReplyShape.Listing) { Recall = RecalledReply.Listing },
        new(Opcode.Rename2, "RENAME2", ReplyShape.Errno)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Errno,
        },
        new(Opcode.Seek, "LSEEK", ReplyShape.Data),
        new(Opcode.CopyFileRange, "COPY_FILE_RANGE", ReplyShape.Data)
        {
            Changes = TreeChange.Always, MayTakeLong = true, AwaitsRoom = true,
        },
        new(Opcode.SetUpMapping, "SETUPMAPPING", ReplyShape.Errno) { IsServed = false },
        new(Opcode.RemoveMapping, "REMOVEMAPPING", ReplyShape.Errno) { IsServed = false },
        new(Opcode.SynchronizeFileSystem, "SYNCFS", ReplyShape.Errno) { MayTakeLong = true },
        new(Opcode.TemporaryFile, "TMPFILE", ReplyShape.EntryAndOpen)
        {
            Changes = TreeChange.Always, AwaitsRoom = true, Recall = RecalledReply.Entry,
        },
        new(Opcode.Statx, "STATX", ReplyShape.Data),
        new(Opcode.CopyFileRange64, "COPY_FILE_RANGE_64", ReplyShape.Data)
        {
            Changes = TreeChange.Always, MayTakeLong = true, AwaitsRoom = true,
        },
    ];

    /// <summary>Rows by number. What lies between them, and first of all 0, is no opcode.</summary>
    private static readonly OpcodeTraits[] ByNumber = Index(Rows, Enum.GetValues<Opcode>());

    /// <summary>Puts rows where their numbers say.</summary>
    /// <exception cref="InvalidOperationException">An opcode has no row, or two.</exception>
    internal static OpcodeTraits[] Index(ReadOnlySpan<OpcodeTraits> rows, ReadOnlySpan<Opcode> opcodes)
    {
        OpcodeTraits[] byNumber = new OpcodeTraits[(int)opcodes[^1] + 1];
        Array.Fill(byNumber, new OpcodeTraits(default, "", ReplyShape.Errno) { IsServed = false });
        foreach (ref readonly OpcodeTraits row in rows)
        {
            ref OpcodeTraits place = ref byNumber[(int)row.Opcode];
            if (place.Opcode == row.Opcode) throw new InvalidOperationException($"{row.Opcode} has two rows.");
            place = row;
        }
        foreach (Opcode opcode in opcodes)
        {
            if (byNumber[(int)opcode].Opcode == opcode) continue;
            throw new InvalidOperationException($"The opcode {opcode} has no row in {nameof(Opcodes)}.");
        }
        return byNumber;
    }
}
