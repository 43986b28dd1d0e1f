using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using PersistFs.Linux;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;

namespace PersistFs.Server.Kexec;

/// <summary>
/// Brings to the arena what the kernel keeps in its page cache of a tree's files, while clients go on.
/// </summary>
/// <remarks>
/// sync(2) and syncfs(2) begin that on FUSE and wait for nothing, so they prove nothing. The server names the files
/// that the kernel has not forgotten; only they can have pages. Each is opened by its handle, and where it has pages to
/// be written, fsync(2) writes them and waits. Never in the server's own process: it could not end while it waits for
/// itself.
/// </remarks>
internal sealed class DirtyFiles : IDisposable
{
    /// <summary>FILEID of FUSE for a handle of nodeid (upper half first) and generation.</summary>
    private const int HandleType = 0x81;
    private const int HandleLength = 3 * sizeof(uint);
    private const int ThreadsMax = 4;
    private const int FailuresMax = 20;
    private const int FilesInChunk = 256;

    private readonly string mountPoint;
    private readonly bool isOnDisk;
    private readonly int mount;
    private readonly ConcurrentQueue<string> failures = new();
    private readonly HashSet<string> seen = [];
    private readonly ConcurrentDictionary<string, bool> brought = new();
    private long looked;
    private long flushed;

    /// <param name="report">The tree.</param>
    /// <exception cref="FailureException">The mount cannot be opened.</exception>
    public DirtyFiles(StatusReport report)
    {
        mountPoint = report.MountPoint!;
        isOnDisk = report.BackingKind.IsOnDisk;
        OpenFlags flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        Errno error = Libc.Open(mountPoint, flags, 0, out mount);
        if (error != Errno.OK) throw FailureException.FromSystem(mountPoint, "open it", error);
    }

    /// <summary>Files that any pass has looked at, each once.</summary>
    public long FilesSeen => seen.Count;

    /// <summary>Files whose pages any pass had to bring, each once.</summary>
    public long FilesBrought => brought.Count;

    /// <summary>Brings all pages there that were written before the call.</summary>
    /// <param name="onProgress">Called with how many of how many files are done, from any thread.</param>
    /// <exception cref="FailureException">The server does not answer, or files cannot be opened by handle.</exception>
    public FlushResult Flush(Action<long, long>? onProgress = null)
    {
        long start = Stopwatch.GetTimestamp();
        (looked, flushed) = (0, 0);
        failures.Clear();
        // All at once and in the background: what is still to be written when its file's turn comes is little then.
        _ = Libc.SynchronizeFileSystem(mount);
        List<string> files = [];
        ControlClient.Order(mountPoint, [ControlVerb.Files], files.AddRange);
        seen.UnionWith(files);
        if (files.Count == 0) return new FlushResult(0, 0, [], Stopwatch.GetElapsedTime(start));
        int threadCount = Math.Clamp(Environment.ProcessorCount, 1, ThreadsMax);
        ParallelOptions threads = new() { MaxDegreeOfParallelism = threadCount };
        try
        {
            Parallel.ForEach(files.Chunk(FilesInChunk), threads, chunk =>
            {
                foreach (string file in chunk) FlushOne(file);
                onProgress?.Invoke(Interlocked.Read(ref looked), files.Count);
            });
        }
        catch (AggregateException exception) when (exception.InnerException is FailureException failure)
        {
            throw failure;
        }
        return new FlushResult(files.Count, flushed, [.. failures], Stopwatch.GetElapsedTime(start));
    }

    public void Dispose() => Libc.Close(mount);

    private void FlushOne(string file)
    {
        Interlocked.Increment(ref looked);
        int separator = file.IndexOf(':', StringComparison.Ordinal);
        ulong nodeId = ulong.Parse(file.AsSpan(0, separator), CultureInfo.InvariantCulture);
        uint generation = uint.Parse(file.AsSpan(separator + 1), CultureInfo.InvariantCulture);
        Span<byte> handle = stackalloc byte[HandleLength];
        BinaryPrimitives.WriteUInt32LittleEndian(handle, (uint)(nodeId >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(handle[4..], (uint)nodeId);
        BinaryPrimitives.WriteUInt32LittleEndian(handle[8..], generation);
        OpenFlags flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.CloseOnExec;
        Errno error = Libc.OpenByHandle(mount, HandleType, handle, flags, out int descriptor);
        // Removed since it was named: nothing of it has to survive.
        if (error is Errno.ESTALE or Errno.ENOENT) return;
        if (error == Errno.EPERM) throw FailureException.FromSystem(mountPoint, "open files by their handles", error);
        if (error != Errno.OK)
        {
            Fail(string.Create(CultureInfo.InvariantCulture, $"inode {nodeId}"), error);
            return;
        }
        error = Bring(descriptor, file);
        if (error != Errno.OK) Fail(new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget ?? file, error);
        Libc.Close(descriptor);
    }

    private Errno Bring(int descriptor, string file)
    {
        Errno error = Libc.CountDirtyPages(descriptor, out ulong pages);
        if (error == Errno.OK && pages == 0) return Errno.OK;
        Interlocked.Increment(ref flushed);
        brought.TryAdd(file, true);
        // On a disk each fsync would write the whole arena to it, and that is done once at the end.
        return isOnDisk ? Libc.SynchronizePages(descriptor) : Libc.Synchronize(descriptor);
    }

    private void Fail(string file, Errno error)
    {
        if (failures.Count < FailuresMax) failures.Enqueue($"{file}: {error}");
    }
}
