using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Makes an arena from an image, in memory that nobody uses.</summary>
/// <remarks>
/// Every byte is read to where it belongs and looked at there. Until the superblock is in its place, last of all, what
/// has been made is no arena.
/// </remarks>
internal sealed class ImageRestorer : IDisposable
{
    private const int SuperblockCopyBlock = (int)(Layout.SuperblockCopyOffset >> Layout.BlockSizeLog2);

    private readonly ImageReader reader;
    private readonly ProgressMeter meter;
    private readonly CancellationTokenSource stop;
    private readonly CancellationToken cancellation;
    private readonly long startedAt = Stopwatch.GetTimestamp();

    public ImageRestorer(ImageReader reader, Action<ImageProgress>? progress, CancellationToken cancellation)
    {
        this.reader = reader;
        this.cancellation = cancellation;
        meter = new ProgressMeter(progress);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Looks at every checksum, and changes nothing.</summary>
    public void Verify()
    {
        using var buffers = new FrameBuffer(ParallelFrames.ThreadCount);
        ForEach("verify", (in ChunkEntry entry, int thread) =>
        {
            IoVector run = buffers.At(thread).Slice(0, entry.BlockCount << Layout.BlockSizeLog2);
            if (entry.BlockCount > 0) reader.Read(in entry, new ReadOnlySpan<IoVector>(in run));
        });
    }

    /// <summary>Fills a backing of the arena's length whose superblock and copy are invalid.</summary>
    /// <exception cref="ArenaException">The image is damaged, or there is no room.</exception>
    public ImageReport Fill(Backing backing)
    {
        Errno error = backing.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw NoRoom(backing, error);
        var arena = new Arena(address, backing.Length);
        using var head = new FrameBuffer(1);
        using FrameBuffer? copies = backing.TakesWrites ? new FrameBuffer(ParallelFrames.ThreadCount) : null;
        ForEach("restore", (in ChunkEntry entry, int thread) =>
        {
            nint place = address + ((nint)entry.Frame << Layout.FrameSizeLog2);
            if (entry.Frame == 0) ReadInto(in entry, head.At(0).Address);
            // What reads as zero anyhow is given memory when the arena is opened.
            else if (entry.BlockCount == 0 && backing.GivesZeros) return;
            else if (copies is not null) Write(backing, in entry, place, copies.At(thread));
            else Fill(backing, in entry, place);
        });
        error = backing.Reserve(0, Layout.FrameSizeInBytes);
        if (error != Errno.OK) throw NoRoom(backing, error);
        Complete(backing, arena, head.At(0).AsSpan());
        return Report();
    }

    public void Dispose() => stop.Dispose();

    private delegate void EntryAction(in ChunkEntry entry, int thread);

    /// <summary>Brings a frame's blocks to their places by way of a copy.</summary>
    private void Write(Backing backing, in ChunkEntry entry, nint place, IoVector copy)
    {
        reader.Read(in entry, [copy.Slice(0, entry.BlockCount << Layout.BlockSizeLog2)]);
        ulong offset = entry.Frame << Layout.FrameSizeLog2;
        bool isWhole = entry.BlockCount == Layout.BlocksPerFrame;
        Errno error = isWhole ? Errno.OK : backing.Reserve(offset, Layout.FrameSizeInBytes);
        Span<IoVector> runs = stackalloc IoVector[FrameCopier.RunsMax + 1];
        int count = FrameCopier.Runs(place, in entry.Blocks, isIn: true, runs);
        int done = 0;
        for (int index = 0; index < count && error == Errno.OK; index++)
        {
            int length = (int)runs[index].LengthInBytes;
            error = backing.Write(offset + (ulong)(runs[index].Address - place), copy.Slice(done, length).AsSpan());
            done += length;
        }
        if (error != Errno.OK) throw NoRoom(backing, error);
    }

    private void Fill(Backing backing, in ChunkEntry entry, nint place)
    {
        ulong offset = entry.Frame << Layout.FrameSizeLog2;
        Errno error = backing.Reserve(offset, Layout.FrameSizeInBytes);
        if (error != Errno.OK) throw NoRoom(backing, error);
        // Failing to enter the pages costs page faults, nothing else.
        _ = Libc.Populate(place, Layout.FrameSizeInBytes);
        ReadInto(in entry, place);
        if (backing.GivesZeros) return;
        Span<IoVector> others = stackalloc IoVector[FrameCopier.RunsMax + 1];
        int count = FrameCopier.Runs(place, in entry.Blocks, isIn: false, others);
        foreach (IoVector other in others[..count]) other.AsSpan().Clear();
    }

    private void ReadInto(in ChunkEntry entry, nint place)
    {
        Span<IoVector> runs = stackalloc IoVector[FrameCopier.RunsMax + 1];
        int count = FrameCopier.Runs(place, in entry.Blocks, isIn: true, runs);
        reader.Read(in entry, runs[..count]);
    }

    /// <summary>Puts frame 0 in its place, the superblock last, and makes the copy known as one.</summary>
    private void Complete(Backing backing, Arena arena, ReadOnlySpan<byte> head)
    {
        Superblock superblock = MemoryMarshal.Read<Superblock>(head);
        Superblock copy = MemoryMarshal.Read<Superblock>(head[(int)Layout.SuperblockCopyOffset..]);
        RequireSuperblock(backing, in superblock, in copy);
        for (int block = 1; block < Layout.BlocksPerFrame; block++)
        {
            if (block != SuperblockCopyBlock) PutBlock(arena, head, block);
        }
        BeginOwnLife(arena);
        if (!backing.GivesZeros) ForgetZeroes(arena, in superblock);
        PutBlock(arena, head, SuperblockCopyBlock);
        Errno error = backing.Synchronize();
        if (error == Errno.OK) PutBlock(arena, head, 0);
        if (error == Errno.OK) error = backing.Synchronize();
        if (error != Errno.OK) throw NoRoom(backing, error);
    }

    private void RequireSuperblock(Backing backing, in Superblock superblock, in Superblock copy)
    {
        Superblock chosen;
        try
        {
            chosen = Superblocks.Choose(backing.Name, backing.Length, in superblock, in copy);
        }
        catch (ArenaException exception)
        {
            string cause = exception.Message.TrimEnd('.');
            throw reader.Damaged($"what it holds is no arena that this program knows ({cause})");
        }
        if (chosen.Uuid != reader.Header.Uuid || !Superblocks.IsGood(in superblock))
            throw reader.Damaged("what it holds is not the arena that its header names");
    }

    /// <summary>
    /// The copy counts an opening, so that its root page is another than the original's; and no connection is its own.
    /// </summary>
    private void BeginOwnLife(Arena arena)
    {
        try
        {
            RootPage root = RootPages.Read(arena);
            root.TimesOpened++;
            RootPages.Write(arena, root);
        }
        catch (ArenaCorruptException exception)
        {
            throw reader.Damaged(exception.Message.TrimEnd('.'));
        }
        ref readonly InstanceRecord instance = ref arena.At<InstanceRecord>(Layout.InstanceAt(0));
        // A connection of no kernel is nobody's; number 0 would be one that is not known yet.
        Store.BulkStructure(ref Unsafe.AsRef(in instance.BootId), default(UInt128));
        if (instance.Connection == 0) Store.Word(ref Unsafe.AsRef(in instance.Connection), ulong.MaxValue);
    }

    /// <summary>Memory that was somebody's before is not zero where the original's was.</summary>
    private static void ForgetZeroes(Arena arena, in Superblock superblock)
    {
        var table = new FrameTable(arena, superblock.FrameCountMax, superblock.FrameTableCapacity);
        for (uint frame = 0; frame < table.FrameCount && table.HasDescriptor(frame); frame++)
        {
            FrameWord word = table.WordOf(frame);
            if (word.IsZeroed) table.SetWord(frame, new FrameWord(word.State, word.Type));
        }
    }

    private static void PutBlock(Arena arena, ReadOnlySpan<byte> head, int block)
    {
        int position = block << Layout.BlockSizeLog2;
        Store.Bulk(
            arena.TargetBytes(ArenaPointer.OfBlock(0, block), Layout.BlockSizeInBytes),
            head.Slice(position, Layout.BlockSizeInBytes));
    }

    /// <summary>Does something with each chunk, on several threads.</summary>
    private void ForEach(string phase, EntryAction act)
    {
        meter.Begin(phase, reader.Header.ChunkCount << Layout.FrameSizeLog2);
        using IEnumerator<ReadOnlyMemory<ChunkEntry>> batches = reader.Entries().GetEnumerator();
        ReadOnlyMemory<ChunkEntry> batch = default;
        int next = 0;
        var turn = new Lock();
        ParallelFrames.Run(
            thread =>
            {
                while (!stop.IsCancellationRequested && TryTake(out ChunkEntry entry))
                {
                    act(in entry, thread);
                    meter.Add(Layout.FrameSizeInBytes, mayTell: thread == 0);
                }
            },
            stop);
        cancellation.ThrowIfCancellationRequested();

        bool TryTake(out ChunkEntry entry)
        {
            lock (turn)
            {
                entry = default;
                if (next == batch.Length)
                {
                    if (!batches.MoveNext()) return false;
                    batch = batches.Current;
                    next = 0;
                }
                entry = batch.Span[next++];
                return true;
            }
        }
    }

    private ImageReport Report()
    {
        ImageHeader header = reader.Header;
        return new ImageReport
        {
            Uuid = header.Identity,
            TimesOpened = header.TimesOpened,
            SavedAt = header.SavedAt,
            ImageBytes = header.LengthInBytes,
            DataBytes = header.BlockCount << Layout.BlockSizeLog2,
            Elapsed = Stopwatch.GetElapsedTime(startedAt),
        };
    }

    private static ArenaException NoRoom(Backing backing, Errno error) => new(
        error is Errno.ENOSPC or Errno.ENOMEM or Errno.EDQUOT or Errno.EFBIG
            ? ArenaFault.NoSpace : ArenaFault.InputOutput,
        $"{backing.Name} ({backing.Kind.Word}) cannot take what the image holds: {error}.",
        $"{backing.Kind.ShortageAdvice}, enough for both where an arena is replaced.");
}
