using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests;

/// <summary>A file system that writes down what it is asked, and answers every question the same way.</summary>
/// <remarks>Inode 7 is what every name leads to; its contents are "contents".</remarks>
internal sealed unsafe class RecordingFileSystem : IFileSystem
{
    public static readonly NodeId Node = new(7);
    public const ulong Handle = 0x1122334455667788;

    private static readonly byte[] Contents = Pin("contents"u8);

    /// <summary>What was asked, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>The last request's context.</summary>
    public RequestContext LastContext { get; private set; }

    /// <summary>What was agreed on.</summary>
    public Negotiated? Terms { get; private set; }

    /// <summary>What every operation answers.</summary>
    public Errno Answer { get; set; }

    /// <summary>How many operations are answered with ENOSPC before <see cref="Answer"/> holds.</summary>
    public int AttemptsWithoutRoom { get; set; }

    /// <summary>How often one request may wait for room.</summary>
    public int RoomWaitsMax { get; set; } = int.MaxValue;

    /// <summary>Whether an earlier server has executed every request.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>What is answered in every operation's place.</summary>
    public Errno Admission { get; set; }

    /// <summary>Thrown by ADMIT and FORGET, where it is set, and answered with ESTALE.</summary>
    public Exception? Damage { get; set; }

    /// <summary>Waited for within LOOKUP, CREATE, OPEN, READ and READDIRPLUS.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    /// <summary>Set when one of those waits.</summary>
    public ManualResetEventSlim Waiting { get; } = new();

    /// <summary>Who forgot what, in order.</summary>
    public ConcurrentQueue<RequestContext> Forgetful { get; } = new();

    /// <summary>Set when the replay has ended.</summary>
    public ManualResetEventSlim Replayed { get; } = new();

    public void Initialize(Negotiated negotiated)
    {
        Terms = negotiated;
        Calls.Enqueue("Initialize");
    }

    public Errno Admit(in RequestContext context) => Damage is null ? Admission : throw Damage;

    public bool Answers(Exception exception, out Errno answer)
    {
        answer = Errno.ESTALE;
        return exception == Damage;
    }

    public void Completed(in RequestContext context, bool isDelivered) =>
        Calls.Enqueue(isDelivered ? "Completed" : "Completed undelivered");

    public void ReplayEnded()
    {
        Calls.Enqueue("ReplayEnded");
        Replayed.Set();
    }

    public bool AwaitRoom(in RequestContext context, ref RoomWait wait) =>
        wait.Seen++ < RoomWaitsMax;

    public bool TryRecall(in RequestContext context, ref EntryOut entry)
    {
        if (IsRecorded) entry = SampleEntry;
        return IsRecorded;
    }

    public bool TryRecallListing(in RequestContext context, ref DirectoryWriter entries)
    {
        if (IsRecorded) List(ref entries);
        return IsRecorded;
    }

    public Errno Lookup(in RequestContext context, FileName name, ref EntryOut entry) =>
        Enter(in context, $"Lookup {Text(name)}", ref entry);

    public Errno LookupSelf(in RequestContext context, ref EntryOut entry) =>
        Enter(in context, "LookupSelf", ref entry);

    public Errno LookupParent(in RequestContext context, ref EntryOut entry) =>
        Enter(in context, "LookupParent", ref entry);

    public void Forget(in RequestContext context, ReadOnlySpan<ForgetOne> forgotten)
    {
        if (Damage is not null) throw Damage;
        Forgetful.Enqueue(context);
        foreach (ForgetOne one in forgotten) Calls.Enqueue($"Forget {one.NodeId.Value} {one.LookupCount}");
    }

    public Errno GetAttributes(in RequestContext context, in GetAttributesIn request, ref NodeAttributes attributes)
    {
        attributes = SampleAttributes;
        return Record(in context, $"GetAttributes {request.Handle:x}");
    }

    public Errno SetAttributes(in RequestContext context, in SetAttributesIn request, ref NodeAttributes attributes)
    {
        attributes = SampleAttributes;
        return Record(in context, $"SetAttributes {request.Valid} {request.SizeInBytes} {request.GroupId}");
    }

    public Errno GetStatx(in RequestContext context, in StatxIn request, ref Statx status)
    {
        status.Birth.Seconds = 77;
        return Record(in context, $"GetStatx {request.Mask:x}");
    }

    public Errno Access(in RequestContext context, uint mask) => Record(in context, $"Access {mask}");

    public Errno ReadLink(in RequestContext context, Span<byte> target, out int length)
    {
        "target"u8.CopyTo(target);
        length = 6;
        return Record(in context, $"ReadLink {target.Length}");
    }

    public Errno MakeSymbolicLink(
        in RequestContext context, FileName name, ReadOnlySpan<byte> target, ref EntryOut entry) =>
        Enter(in context, $"MakeSymbolicLink {Text(name)} {Text(target)}", ref entry);

    public Errno MakeNode(in RequestContext context, FileName name, uint mode, uint device, ref EntryOut entry) =>
        Enter(in context, $"MakeNode {Text(name)} {Octal(mode)} {device}", ref entry);

    public Errno MakeDirectory(in RequestContext context, FileName name, uint mode, ref EntryOut entry) =>
        Enter(in context, $"MakeDirectory {Text(name)} {Octal(mode)}", ref entry);

    public Errno Unlink(in RequestContext context, FileName name) => Record(in context, $"Unlink {Text(name)}");

    public Errno RemoveDirectory(in RequestContext context, FileName name) =>
        Record(in context, $"RemoveDirectory {Text(name)}");

    public Errno Rename(
        in RequestContext context, FileName name, NodeId newParent, FileName newName, RenameFlags flags) =>
        Record(in context, $"Rename {Text(name)} {newParent.Value} {Text(newName)} {flags}");

    public Errno Link(in RequestContext context, NodeId target, FileName name, ref EntryOut entry) =>
        Enter(in context, $"Link {target.Value} {Text(name)}", ref entry);

    public Errno Create(
        in RequestContext context, FileName name, in CreateIn request, ref EntryOut entry, ref OpenOut opened)
    {
        opened.Handle = Handle;
        return Enter(in context, $"Create {Text(name)} {Octal(request.Mode)}", ref entry);
    }

    public Errno MakeTemporaryFile(
        in RequestContext context, in CreateIn request, ref EntryOut entry, ref OpenOut opened)
    {
        opened.Handle = Handle;
        return Enter(in context, $"MakeTemporaryFile {Octal(request.Mode)}", ref entry);
    }

    public Errno Open(in RequestContext context, in OpenIn request, ref OpenOut opened)
    {
        opened.Handle = Handle;
        return Record(in context, $"Open {request.Flags:x}", waits: true);
    }

    public Errno Release(in RequestContext context, in ReleaseIn request) =>
        Record(in context, $"Release {context.NodeId.Value} {request.Handle:x}");

    public Errno Flush(in RequestContext context, in FlushIn request) =>
        Record(in context, $"Flush {request.Handle:x}");

    public Errno Read(in RequestContext context, in ReadIn request, ref IoVectorWriter segments)
    {
        fixed (byte* contents = Contents) segments.Add(new IoVector((nint)contents, 8));
        segments.AddZeros(segments.RemainingInBytes);
        return Record(in context, $"Read {request.Offset} {request.SizeInBytes}", waits: true);
    }

    public void ReadDone(in RequestContext context) => Calls.Enqueue("ReadDone");

    public Errno Write(in RequestContext context, in WriteIn request, ReadOnlySpan<byte> data, out uint written)
    {
        written = (uint)data.Length;
        return Record(in context, $"Write {request.Offset} {Text(data)} {request.WriteFlags}");
    }

    public Errno Synchronize(in RequestContext context, in SynchronizeIn request) =>
        Record(in context, $"Synchronize {request.Flags}");

    public Errno Allocate(in RequestContext context, in AllocateIn request) =>
        Record(in context, $"Allocate {request.Offset} {request.LengthInBytes} {request.Mode}");

    public Errno Seek(in RequestContext context, in SeekIn request, out ulong offset)
    {
        offset = 4096;
        return Record(in context, $"Seek {request.Offset} {request.Whence}");
    }

    public Errno CopyFileRange(in RequestContext context, in CopyFileRangeIn request, out ulong copied)
    {
        copied = request.LengthInBytes;
        return Record(in context, $"CopyFileRange {request.Destination.Value} {request.LengthInBytes}");
    }

    public Errno OpenDirectory(in RequestContext context, in OpenIn request, ref OpenOut opened)
    {
        opened.Handle = Handle;
        return Record(in context, "OpenDirectory", waits: true);
    }

    public Errno ReadDirectory(in RequestContext context, in ReadIn request, ref DirectoryWriter entries)
    {
        List(ref entries);
        return Record(in context, $"ReadDirectory {request.Offset} {entries.IsPlus}", waits: true);
    }

    public Errno ReleaseDirectory(in RequestContext context, in ReleaseIn request) =>
        Record(in context, $"ReleaseDirectory {request.Handle:x}");

    public Errno SynchronizeDirectory(in RequestContext context, in SynchronizeIn request) =>
        Record(in context, $"SynchronizeDirectory {request.Flags}");

    public Errno GetFileSystemStatus(in RequestContext context, ref StatFsOut status)
    {
        status.Blocks = 99;
        return Record(in context, "GetFileSystemStatus");
    }

    public Errno SynchronizeFileSystem(in RequestContext context) => Record(in context, "SynchronizeFileSystem");

    public Errno SetXattr(
        in RequestContext context, in SetXattrIn request, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Record(in context, $"SetXattr {Text(name)} {Text(value)} {request.Flags} {request.SetXattrFlags}");

    public Errno GetXattr(in RequestContext context, ReadOnlySpan<byte> name, Span<byte> value, out int length) =>
        Give("value"u8, value, out length, Record(in context, $"GetXattr {Text(name)} {value.Length}"));

    public Errno ListXattr(in RequestContext context, Span<byte> names, out int length) =>
        Give("user.a\0"u8, names, out length, Record(in context, $"ListXattr {names.Length}"));

    public Errno RemoveXattr(in RequestContext context, ReadOnlySpan<byte> name) =>
        Record(in context, $"RemoveXattr {Text(name)}");

    public Errno Control(
        in RequestContext context, in IoctlIn request, ReadOnlySpan<byte> input, Span<byte> output, out int length) =>
        Give("out"u8, output, out length, Record(in context, $"Control {request.Command:x} {Text(input)}"));

    public static NodeAttributes SampleAttributes => new()
    {
        InodeNumber = Node.Value,
        SizeInBytes = 8,
        Mode = ModeBits.Regular | 0x1A4,
        LinkCount = 1,
    };

    private static EntryOut SampleEntry => new() { NodeId = Node, Generation = 3, Attributes = SampleAttributes };

    private Errno Enter(in RequestContext context, string call, ref EntryOut entry)
    {
        entry = SampleEntry;
        return Record(in context, call, waits: true);
    }

    private Errno Record(in RequestContext context, string call, bool waits = false)
    {
        LastContext = context;
        Calls.Enqueue(call);
        if (waits)
        {
            Waiting.Set();

            // A test that fails without opening the gate is not to hang at its end.
            Gate.Wait(TimeSpan.FromSeconds(30));
        }
        if (AttemptsWithoutRoom == 0) return Answer;
        AttemptsWithoutRoom--;
        return Errno.ENOSPC;
    }

    private static void List(ref DirectoryWriter entries)
    {
        entries.TryAdd(1, ModeBits.Directory, "."u8, 1);
        EntryOut entry = SampleEntry;
        entries.TryAdd(in entry, "first"u8, 2);
        entries.TryAdd(in entry, "second"u8, 3);
    }

    private static Errno Give(ReadOnlySpan<byte> answer, Span<byte> room, out int length, Errno error)
    {
        length = answer.Length;
        if (room.IsEmpty) return error;
        if (room.Length < answer.Length) return Errno.ERANGE;
        answer.CopyTo(room);
        return error;
    }

    private static byte[] Pin(ReadOnlySpan<byte> bytes)
    {
        byte[] pinned = GC.AllocateArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        return pinned;
    }

    private static string Octal(uint mode) => Convert.ToString(mode, 8);

    private static string Text(FileName name) => Text(name.Bytes);

    private static string Text(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 64
            ? string.Create(CultureInfo.InvariantCulture, $"({bytes.Length} bytes)")
            : Encoding.UTF8.GetString(bytes);
}
