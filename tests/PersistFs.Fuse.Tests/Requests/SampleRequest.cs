using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Testing;

namespace PersistFs.Fuse.Tests.Requests;

/// <summary>One good request of every kind, and what the file system hears of it.</summary>
internal sealed record SampleRequest(Opcode Opcode, Func<KernelRequestBuilder, KernelRequestBuilder> Fill, string? Call)
{
    /// <summary>Whether the last bytes can be missing without anybody noticing: they mean nothing.</summary>
    public bool IgnoresBody { get; init; }

    public KernelRequestBuilder ToBuilder() => Fill(new KernelRequestBuilder(Opcode, new NodeId(5)));

    public override string ToString() => Opcode.ToString();

    public static SampleRequest Of(Opcode opcode) => All.Single(sample => sample.Opcode == opcode);

    private const ulong Handle = RecordingFileSystem.Handle;

    /// <summary>All opcodes with a handler, and the requests without a reply.</summary>
    public static readonly SampleRequest[] All =
    [
        new(Opcode.Lookup, r => r.WithName("name"), "Lookup name"),
        new(Opcode.Forget, r => r.With(new ForgetIn { LookupCount = 3 }), "Forget 5 3"),
        new(
            Opcode.BatchForget,
            r => r.With(new BatchForgetIn { Count = 2 })
                .With(new ForgetOne { NodeId = new NodeId(8), LookupCount = 1 })
                .With(new ForgetOne { NodeId = new NodeId(9), LookupCount = 2 }),
            "Forget 8 1"),
        new(Opcode.GetAttributes, r => r.With(new GetAttributesIn { Handle = Handle }), $"GetAttributes {Handle:x}"),
        new(
            Opcode.SetAttributes,
            r => r.With(new SetAttributesIn
            {
                Valid = SetAttributesFlags.Size | SetAttributesFlags.GroupId,
                SizeInBytes = 99,
                GroupId = 4,
            }),
            "SetAttributes GroupId, Size 99 4"),
        new(Opcode.Statx, r => r.With(new StatxIn { Mask = 0x800 }), "GetStatx 800"),
        new(Opcode.Access, r => r.With(new AccessIn { Mask = 6 }), "Access 6"),
        new(Opcode.ReadLink, r => r, "ReadLink 4095"),
        new(Opcode.SymbolicLink, r => r.WithName("name").WithName("target"), "MakeSymbolicLink name target"),
        new(
            Opcode.MakeNode,
            r => r.With(new MakeNodeIn { Mode = 0x2180, Device = 259, Umask = 18 }).WithName("name"),
            "MakeNode name 20600 259"),
        new(
            Opcode.MakeDirectory,
            r => r.With(new MakeDirectoryIn { Mode = 0x1FF, Umask = 18 }).WithName("name"),
            "MakeDirectory name 777"),
        new(Opcode.Unlink, r => r.WithName("name"), "Unlink name"),
        new(Opcode.RemoveDirectory, r => r.WithName("name"), "RemoveDirectory name"),
        new(
            Opcode.Rename,
            r => r.With(new RenameIn { NewParent = new NodeId(6) }).WithName("old").WithName("new"),
            "Rename old 6 new None"),
        new(
            Opcode.Rename2,
            r => r.With(new Rename2In { NewParent = new NodeId(6), Flags = RenameFlags.Exchange })
                .WithName("old").WithName("new"),
            "Rename old 6 new Exchange"),
        new(Opcode.Link, r => r.With(new LinkIn { Target = new NodeId(7) }).WithName("name"), "Link 7 name"),
        new(
            Opcode.Create,
            r => r.With(new CreateIn { Mode = 0x81A4, Umask = 18 }).WithName("name"),
            "Create name 100644"),
        new(
            Opcode.TemporaryFile,
            r => r.With(new CreateIn { Mode = 0x8180, Umask = 18 }).WithName("#1"),
            "MakeTemporaryFile 100600") { IgnoresBody = true },
        new(Opcode.Open, r => r.With(new OpenIn { Flags = 2 }), "Open 2"),
        new(Opcode.Release, r => r.With(new ReleaseIn { Handle = Handle }), $"Release 5 {Handle:x}"),
        new(Opcode.Flush, r => r.With(new FlushIn { Handle = Handle }), $"Flush {Handle:x}"),
        new(Opcode.Read, r => r.With(new ReadIn { Offset = 3, SizeInBytes = 4096 }), "Read 3 4096"),
        new(
            Opcode.Write,
            r => r.With(new WriteIn { Offset = 3, SizeInBytes = 4, WriteFlags = WriteFlags.KillSetIds })
                .WithBytes("data"u8),
            "Write 3 data KillSetIds"),
        new(
            Opcode.Synchronize,
            r => r.With(new SynchronizeIn { Flags = SynchronizeFlags.DataOnly }),
            "Synchronize DataOnly"),
        new(
            Opcode.Allocate,
            r => r.With(new AllocateIn { Offset = 1, LengthInBytes = 2, Mode = AllocateMode.KeepSize }),
            "Allocate 1 2 KeepSize"),
        new(Opcode.Seek, r => r.With(new SeekIn { Offset = 1, Whence = 3 }), "Seek 1 3"),
        new(
            Opcode.CopyFileRange,
            r => r.With(new CopyFileRangeIn { Destination = new NodeId(6), LengthInBytes = 1UL << 40 }),
            "CopyFileRange 6 4294963200"),
        new(
            Opcode.CopyFileRange64,
            r => r.With(new CopyFileRangeIn { Destination = new NodeId(6), LengthInBytes = 1UL << 40 }),
            "CopyFileRange 6 1099511627776"),
        new(Opcode.OpenDirectory, r => r.With(new OpenIn()), "OpenDirectory"),
        new(
            Opcode.ReadDirectory,
            r => r.With(new ReadIn { Offset = 9, SizeInBytes = 4096 }),
            "ReadDirectory 9 False"),
        new(
            Opcode.ReadDirectoryPlus,
            r => r.With(new ReadIn { Offset = 9, SizeInBytes = 4096 }),
            "ReadDirectory 9 True"),
        new(Opcode.ReleaseDirectory, r => r.With(new ReleaseIn { Handle = Handle }), $"ReleaseDirectory {Handle:x}"),
        new(Opcode.SynchronizeDirectory, r => r.With(new SynchronizeIn()), "SynchronizeDirectory None"),
        new(Opcode.StatFs, r => r, "GetFileSystemStatus"),
        new(Opcode.SynchronizeFileSystem, r => r.With(0UL), "SynchronizeFileSystem") { IgnoresBody = true },
        new(
            Opcode.SetXattr,
            r => r.With(new SetXattrIn
                {
                    SizeInBytes = 5,
                    Flags = 1,
                    SetXattrFlags = SetXattrFlags.AclKillSetGroupId,
                })
                .WithName("user.a/b").WithBytes("value"u8),
            "SetXattr user.a/b value 1 AclKillSetGroupId"),
        new(Opcode.GetXattr, r => r.With(new GetXattrIn { SizeInBytes = 64 }).WithName("user.a"), "GetXattr user.a 64"),
        new(Opcode.ListXattr, r => r.With(new GetXattrIn { SizeInBytes = 64 }), "ListXattr 64"),
        new(Opcode.RemoveXattr, r => r.WithName("user.a"), "RemoveXattr user.a"),
        new(
            Opcode.Ioctl,
            r => r.With(new IoctlIn { Command = 0x6601, InputSizeInBytes = 2, OutputSizeInBytes = 8 })
                .WithBytes("in"u8),
            "Control 6601 in"),
        new(Opcode.Interrupt, r => r.With(4UL), null) { IgnoresBody = true },
        new(Opcode.Destroy, r => r, null),
    ];
}
