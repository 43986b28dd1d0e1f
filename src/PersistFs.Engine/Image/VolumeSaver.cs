using System.Diagnostics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>One save of one volume.</summary>
/// <remarks>
/// A live one copies all frames in use, then those that were stored to meanwhile, until few are left; these are copied
/// to memory in a freeze, and written after it.
/// </remarks>
internal sealed class VolumeSaver : IDisposable
{
    /// <summary>As many frames at most are copied in a freeze: some tens of milliseconds.</summary>
    private const int FreezeFramesMax = 64;

    /// <summary>So few that another pass before the freeze would save no time worth having.</summary>
    private const int FreezeFramesEnough = 6;

    /// <summary>Passes in the hope that each leaves less to do than the one before.</summary>
    private const int PassesUnthrottled = 6;
    private const int PassesMax = 40;

    /// <summary>How long operations under way may hold a freeze up before it is tried another time.</summary>
    private static readonly TimeSpan FreezeWait = TimeSpan.FromMilliseconds(20);

    private static readonly Lock Turn = new();

    private readonly Volume volume;
    private readonly Space space;
    private readonly FrameTable table;
    private readonly ImageTarget target;
    private readonly FrameCopier copier;
    private readonly ProgressMeter meter;
    private readonly CancellationTokenSource stop;
    private readonly CancellationToken cancellation;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private TimeSpan longestPause;

    public VolumeSaver(
        Volume volume, ImageTarget target, Action<ImageProgress>? progress, CancellationToken cancellation)
    {
        this.volume = volume;
        this.target = target;
        this.cancellation = cancellation;
        space = volume.Space;
        table = space.Table;
        copier = new FrameCopier(space.Arena, table);
        meter = new ProgressMeter(progress);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    public ImageReport SaveIdle()
    {
        List<uint> frames = FramesInUse();
        ImageWriter writer = Begin(frames);
        ForEach("save", frames, (frame, _) =>
        {
            Span<IoVector> runs = stackalloc IoVector[FrameCopier.RunsMax];
            copier.Select(frame, out FrameDescriptor.BlockBitmap kept);
            int count = FrameCopier.Runs(AddressOf(frame), in kept, isIn: true, runs);
            writer.Write(frame, in kept, runs[..count]);
        });
        return Report(writer.Finish(Describe(), frames), passes: 1);
    }

    /// <param name="settle">Called once, when little is left to be copied; null for nothing.</param>
    public ImageReport SaveLive(Action? settle)
    {
        lock (Turn)
        {
            var marks = new DirtyFrameMap(space.Arena, table.FrameCount);
            space.Allocator.Supply.KeepsFrames = true;
            try
            {
                // Whatever was giving a frame back has done it then; from here on no frame in use loses its memory.
                volume.AwaitOperations(self: null);
                Store.MarkIn(marks);
                return SaveMarked(marks, settle);
            }
            finally
            {
                Store.MarkIn(null);
                space.Allocator.Supply.KeepsFrames = false;
            }
        }
    }

    public void Dispose() => stop.Dispose();

    private ImageReport SaveMarked(DirtyFrameMap marks, Action? settle)
    {
        List<uint> frames = FramesInUse();
        ImageWriter writer = Begin(frames);
        using var buffers = new FrameBuffer(ParallelFrames.ThreadCount);
        using var throttle = new WriteThrottle(volume);
        int last = int.MaxValue;
        for (int pass = 1; pass <= PassesMax; pass++)
        {
            ForEach(pass == 1 ? "save" : "what changed", frames, (frame, thread) =>
            {
                marks.Clear(frame);
                if (table.WordOf(frame).State == FrameState.Used) CopyAndWrite(writer, frame, buffers.At(thread));
            });
            frames.Clear();
            marks.Collect(frames);
            bool shrinks = frames.Count > FreezeFramesEnough && frames.Count < last / 4 * 3 && pass < PassesUnthrottled;
            last = frames.Count;
            if (!shrinks && frames.Count <= FreezeFramesMax)
            {
                throttle.Loosen();
                NotePause(throttle.LongestPause);
                settle?.Invoke();
                settle = null;
                if (TryFinish(writer, marks, frames, out ImageHeader header)) return Report(header, pass + 1);
                frames.Clear();
                marks.Collect(frames);
            }
            if (pass >= PassesUnthrottled) throttle.Tighten();
        }
        throw new ArenaException(
            ArenaFault.NoStandstill,
            $"{volume.GetStatistics().BackingName}: its clients change memory faster than it can be saved.",
            "Save to a faster place, or when there is less to do.");
    }

    /// <summary>Copies what is left in a freeze, and writes it afterwards.</summary>
    /// <returns>False when more has changed meanwhile than can be copied in a freeze, or none was to be had.</returns>
    private bool TryFinish(ImageWriter writer, DirtyFrameMap marks, List<uint> frames, out ImageHeader header)
    {
        header = default;
        using var copies = new FrameBuffer(Math.Min(FreezeFramesMax, 2 * frames.Count + FreezeFramesEnough));
        var kept = new FrameDescriptor.BlockBitmap[copies.Count];
        var counts = new int[copies.Count];
        var used = new List<uint>(FramesInUse().Count + copies.Count);
        long frozenAt = Stopwatch.GetTimestamp();
        if (!volume.TryFreeze(FreezeWait)) return false;
        try
        {
            frames.Clear();
            marks.Collect(frames);
            frames.RemoveAll(frame => table.WordOf(frame).State != FrameState.Used);
            if (frames.Count > copies.Count) return false;
            int next = -1;
            ParallelFrames.Run(
                _ =>
                {
                    for (int index; (index = Interlocked.Increment(ref next)) < frames.Count;)
                        counts[index] = copier.Copy(frames[index], copies.At(index).AsSpan(), out kept[index]);
                },
                stop);
            RequireUndamaged();
            CollectFramesInUse(used);
            header = Describe();
        }
        finally
        {
            volume.Thaw();
            NotePause(Stopwatch.GetElapsedTime(frozenAt));
        }
        for (int index = 0; index < frames.Count; index++)
            Write(writer, frames[index], copies.At(index), counts[index], in kept[index]);
        header = writer.Finish(header, used);
        return true;
    }

    /// <summary>An image of damage must not take the place of one from before.</summary>
    private void RequireUndamaged()
    {
        if (volume.Damage is not { } damage) return;
        throw new ArenaException(
            ArenaFault.Corrupt, $"Damage was found meanwhile: {damage}", "Look at the arena with persistfs check.");
    }

    private void NotePause(TimeSpan pause)
    {
        if (pause > longestPause) longestPause = pause;
    }

    private ImageWriter Begin(List<uint> frames)
    {
        if (target.HasFixedLength)
        {
            // What has no room need not be begun: a device keeps what it holds.
            ulong blocks = 2;
            foreach (uint frame in frames) blocks += (ulong)copier.Select(frame, out _);
            target.RequireRoom((blocks << Layout.BlockSizeLog2) + ImageHeader.IndexLengthOf((ulong)frames.Count));
        }
        return new ImageWriter(target, table.FrameCount);
    }

    private void CopyAndWrite(ImageWriter writer, uint frame, IoVector buffer)
    {
        int count = copier.Copy(frame, buffer.AsSpan(), out FrameDescriptor.BlockBitmap kept);
        Write(writer, frame, buffer, count, in kept);
    }

    private static void Write(
        ImageWriter writer, uint frame, IoVector copy, int count, in FrameDescriptor.BlockBitmap kept)
    {
        IoVector run = copy.Slice(0, count << Layout.BlockSizeLog2);
        writer.Write(frame, in kept, count == 0 ? [] : new ReadOnlySpan<IoVector>(in run));
    }

    /// <summary>Does something with each of many frames, on several threads.</summary>
    private void ForEach(string phase, List<uint> frames, Action<uint, int> act)
    {
        meter.Begin(phase, (ulong)frames.Count << Layout.FrameSizeLog2);
        int next = -1;
        ParallelFrames.Run(
            thread =>
            {
                for (int index; (index = Interlocked.Increment(ref next)) < frames.Count;)
                {
                    if (stop.IsCancellationRequested) break;
                    act(frames[index], thread);
                    meter.Add(Layout.FrameSizeInBytes, mayTell: thread == 0);
                }
            },
            stop);
        cancellation.ThrowIfCancellationRequested();
    }

    private List<uint> FramesInUse()
    {
        var frames = new List<uint>();
        CollectFramesInUse(frames);
        return frames;
    }

    private void CollectFramesInUse(List<uint> frames)
    {
        for (uint frame = 0; frame < table.FrameCount && table.HasDescriptor(frame); frame++)
        {
            if (table.WordOf(frame).State == FrameState.Used) frames.Add(frame);
        }
    }

    private nint AddressOf(uint frame) =>
        space.Arena.AddressOf(ArenaPointer.OfFrame(frame), Layout.FrameSizeInBytes);

    private ImageHeader Describe() => new()
    {
        Uuid = volume.Superblock.Uuid,
        FrameCountMax = volume.Superblock.FrameCountMax,
        FrameTableCapacity = volume.Superblock.FrameTableCapacity,
        TimesOpened = RootPages.Read(space.Arena).TimesOpened,
        SavedAt = Libc.FileTimeNow(),
    };

    private ImageReport Report(ImageHeader header, int passes) => new()
    {
        Uuid = header.Identity,
        TimesOpened = header.TimesOpened,
        SavedAt = header.SavedAt,
        ImageBytes = header.LengthInBytes,
        DataBytes = header.BlockCount << Layout.BlockSizeLog2,
        Passes = passes,
        LongestPause = longestPause,
        Elapsed = Stopwatch.GetElapsedTime(startedAt),
    };
}
