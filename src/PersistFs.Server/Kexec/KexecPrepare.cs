using System.Diagnostics;
using System.Globalization;
using PersistFs.Engine.Image;
using PersistFs.Server.Control;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Images;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Kexec;

/// <summary>Makes one tree ready for kexec: the long work while clients go on, then a freeze.</summary>
public sealed class KexecPrepare : IDisposable
{
    /// <summary>
    /// Passes over the files while clients go on, and how few are left that one more is not worth it.
    /// </summary>
    private const int PassesMax = 3;
    private const int FewFiles = 16;

    private readonly StatusReport report;
    private readonly RoutePlan plan;
    private readonly PrepareOptions options;
    private readonly DirtyFiles files;
    private FlushResult flushed = new(0, 0, [], TimeSpan.Zero);
    private TimeSpan online;
    private long frozenAt;
    private TimeSpan frozenIn;
    private DateTimeOffset frozenUntil;

    /// <param name="report">The tree, served.</param>
    /// <param name="plan">Its route, not None.</param>
    /// <param name="options">How.</param>
    /// <exception cref="FailureException">The mount cannot be opened.</exception>
    public KexecPrepare(StatusReport report, RoutePlan plan, PrepareOptions options)
    {
        this.report = report;
        this.plan = plan;
        this.options = options;
        files = new DirtyFiles(report);
    }

    private string MountPointPath => report.MountPoint!;

    /// <summary>The long work, while clients go on: pages of the kernel's cache are brought to the arena.</summary>
    /// <param name="onProgress">Called with how many of how many files are done, from any thread.</param>
    public void WorkOnline(Action<long, long>? onProgress)
    {
        long start = Stopwatch.GetTimestamp();
        // What came to the cache since an earlier freeze could not be brought: the arena takes nothing until a thaw.
        if (report.Freeze is not null) Abort(MountPointPath);
        for (int pass = 0; pass < PassesMax; pass++)
        {
            flushed = files.Flush(onProgress);
            if (flushed.FilesFlushed <= FewFiles) break;
        }
        online = Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Freezes the tree and makes sure of it; what was acknowledged before comes to the next kernel.</summary>
    /// <param name="onProgress">Called with how much of an image is written.</param>
    public void Freeze(Action<ImageProgress>? onProgress)
    {
        if (plan.Image is { } image)
        {
            Saver.SaveFrozen(report, image, FreezeForImage, onProgress);
            ControlClient.Order(MountPointPath, [ControlVerb.Verify]);
            frozenIn = Stopwatch.GetElapsedTime(frozenAt);
            return;
        }
        long start = Stopwatch.GetTimestamp();
        Order(ControlVerb.Names);
        if (plan.Route is KexecRoute.Disk)
        {
            // What came to the cache until the freeze; then nothing may change any more, for a file on a disk is whole
            // only as it was synchronised.
            flushed = files.Flush();
            Order(ControlVerb.All);
            ControlClient.Order(MountPointPath, [ControlVerb.Synchronize]);
        }
        ControlClient.Order(MountPointPath, [ControlVerb.Verify]);
        frozenIn = Stopwatch.GetElapsedTime(start);
        // Memory stays as it is, so what is brought there now survives as well.
        if (plan.Route is not KexecRoute.Disk) flushed = files.Flush();
    }

    /// <summary>Keeps what is needed to take the tree up again, and says how it went.</summary>
    public PreparedTree Finish()
    {
        IReadOnlyList<string> settings = ControlClient.Order(MountPointPath, [ControlVerb.Settings]);
        Dictionary<string, string> byName = [];
        for (int index = 0; index + 1 < settings.Count; index += 2) byName[settings[index]] = settings[index + 1];
        new KexecRecord
        {
            MountPoint = MountPointPath,
            Arena = report.Arena,
            Uuid = report.Uuid,
            Route = plan.Route,
            Image = plan.Image,
            Unit = report.Store == DescriptorStoreKind.Systemd ? ServiceUnit.Of(report.ProcessId!.Value) : null,
            Settings = byName,
            InodesUsed = report.InodesUsed,
            BootId = BootIdentity.Current,
            FrozenUntil = frozenUntil,
        }.Write();
        RequireFrozen();
        return new PreparedTree
        {
            MountPoint = MountPointPath,
            Arena = report.Arena,
            Backing = report.Backing,
            Route = plan.Route,
            Reason = plan.Reason,
            Image = plan.Image,
            FilesInUse = files.FilesSeen,
            FilesFlushed = files.FilesBrought,
            FilesFailed = flushed.Failures,
            OnlineMilliseconds = Math.Round(online.TotalMilliseconds, digits: 1),
            FreezeMilliseconds = Math.Round(frozenIn.TotalMilliseconds, digits: 2),
            WaitSeconds = options.Wait.TotalSeconds,
            WindowSeconds = options.Window.TotalSeconds,
            LosesLaterWrites = report.CacheMode == CacheMode.WriteBack,
            Notes = KexecAdvice.For(plan.Route),
        };
    }

    /// <summary>Undoes what was done to a tree, prepared or not.</summary>
    /// <returns>Whether it was frozen.</returns>
    /// <exception cref="FailureException">Its server does not answer.</exception>
    public static bool Abort(string mountPoint)
    {
        KexecRecord.Remove(mountPoint);
        return ControlClient.Order(mountPoint, [ControlVerb.Thaw]) is ["true", ..];
    }

    public void Dispose() => files.Dispose();

    /// <summary>Where the window was over before all was done, changes have gone on that nothing covers.</summary>
    private void RequireFrozen()
    {
        if (StatusClient.TryAsk(RuntimePaths.SocketOf(MountPointPath)) is { Freeze: not null }) return;
        throw new FailureException(FailureKind.NotAnswering,
            $"{MountPointPath}: thawed before all was done, since its window was over or somebody has thawed it",
            "try again, with a longer --window");
    }

    /// <summary>The image is of a tree to which everything has come that was written before.</summary>
    private void FreezeForImage()
    {
        frozenAt = Stopwatch.GetTimestamp();
        Order(ControlVerb.Names);
        flushed = files.Flush();
        Order(ControlVerb.All);
    }

    private void Order(string scope)
    {
        frozenUntil = DateTimeOffset.UtcNow + options.Window;
        ControlClient.Order(
            MountPointPath, [ControlVerb.Freeze, scope, Milliseconds(options.Wait), Milliseconds(options.Window)]);
    }

    private static string Milliseconds(TimeSpan time) =>
        ((uint)Math.Min(time.TotalMilliseconds, uint.MaxValue)).ToString(CultureInfo.InvariantCulture);
}
