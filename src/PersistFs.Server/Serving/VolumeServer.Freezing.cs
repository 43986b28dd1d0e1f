using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using PersistFs.Fuse.Sessions;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;

namespace PersistFs.Server.Serving;

/// <summary>The tree held still: what changes it waits, what reads goes on.</summary>
/// <remarks>
/// A freeze belongs to the connection and outlives the server: a successor finds its record and goes on with it. It
/// ends by a thaw, with the mount, or when its window is over.
/// </remarks>
internal sealed partial class VolumeServer
{
    private readonly Lock freezeSync = new();
    private volatile FreezeRecord? freezing;
    private Timer? freezeTimer;

    /// <summary>
    /// "freeze", scope, milliseconds that a request waits, milliseconds until the tree thaws by itself.
    /// </summary>
    private string[] Freeze(ControlRequest order)
    {
        string scopeName = order.Argument(0);
        FreezeScope scope = scopeName switch
        {
            ControlVerb.Names => FreezeScope.AllButCachedWrites,
            ControlVerb.All => FreezeScope.All,
            var other => throw new FailureException(
                FailureKind.Usage, $"freeze: there is no scope \"{other}\"",
                $"use {ControlVerb.Names} or {ControlVerb.All}"),
        };
        TimeSpan wait = Milliseconds(order, 1);
        TimeSpan window = Milliseconds(order, 2);
        long start = Stopwatch.GetTimestamp();
        lock (freezeSync)
        {
            if (isStopping || Tree.Session.Completion.IsCompleted)
            {
                throw new FailureException(FailureKind.NotMounted, $"{options.MountPoint}: the mount is just ending",
                    "see how it is with: persistfs status");
            }
            long until = start + (long)(window.TotalSeconds * Stopwatch.Frequency);
            ulong connection = Tree.Volume.DefaultTree.ReadSession().Connection;
            FreezeRecord record = new(scope, wait.TotalMilliseconds, until, BootId(), connection);
            Tree.Session.Freeze(scope, wait);
            try
            {
                record.Write(options.MountPoint);
            }
            catch (FailureException)
            {
                ThawHere();
                throw;
            }
            freezing = record;
            SetFreezeTimer(record.Left);
        }
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        LogFrozen(options.MountPoint, scopeName, taken.TotalMilliseconds, window.TotalSeconds);
        return [taken.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)];
    }

    /// <summary>"thaw": whether the tree was frozen, and how many requests had been refused.</summary>
    private string[] Thaw(ControlRequest order)
    {
        long refused = Tree.Session.ReadFreezeCounters().Refused;
        return [Thaw() ? "true" : "false", refused.ToString(CultureInfo.InvariantCulture)];
    }

    /// <summary>"verify": superblocks, root, journals; fails where something is not as it must be.</summary>
    private string[] Verify(ControlRequest order)
    {
        long start = Stopwatch.GetTimestamp();
        if (Tree.Volume.FindHeadFault(VerifyPatience) is { } fault)
        {
            throw new FailureException(FailureKind.ArenaCorrupt, $"{Tree.Arena}: {fault}",
                $"end the mount with: persistfs down {options.MountPoint}, "
                    + $"and look with: persistfs check {Tree.Arena}");
        }
        return [Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)];
    }

    private static readonly TimeSpan VerifyPatience = TimeSpan.FromSeconds(1);

    /// <summary>Lets what waits go on.</summary>
    /// <returns>False when nothing was frozen.</returns>
    private bool Thaw()
    {
        lock (freezeSync)
        {
            if (freezing is null || isHandingOver != 0) return false;
            ThawHere();
        }
        LogThawed(options.MountPoint);
        return true;
    }

    private void ThawHere()
    {
        freezeTimer?.Dispose();
        freezeTimer = null;
        // Before anything is executed: a successor must not hold back what was.
        FreezeRecord.Remove(options.MountPoint);
        freezing = null;
        Tree.Session.Thaw();
    }

    /// <summary>Stays frozen where the dead server was; before the first request is read.</summary>
    private void ResumeFreeze()
    {
        if (FreezeRecord.Find(options.MountPoint, BootId(), Tree.Connection) is not { } record)
        {
            FreezeRecord.Remove(options.MountPoint);
            return;
        }
        Tree.Session.Freeze(record.Scope, record.Wait);
        freezing = record;
        SetFreezeTimer(record.Left);
        LogStillFrozen(options.MountPoint, record.Left.TotalSeconds);
    }

    private void SetFreezeTimer(TimeSpan left)
    {
        freezeTimer?.Dispose();
        freezeTimer = new Timer(_ => ThawWhenOver(), null, left, Timeout.InfiniteTimeSpan);
    }

    private void ThawWhenOver()
    {
        lock (freezeSync)
        {
            if (freezing is not { } record || freezeTimer is null) return;
            if (record.Left > TimeSpan.Zero)
            {
                // Begun anew meanwhile; or the timer, which counts whole milliseconds, was early by a part of one.
                SetFreezeTimer(record.Left + TimeSpan.FromMilliseconds(1));
                return;
            }
        }
        if (Thaw()) LogWindowOver(options.MountPoint);
    }

    private void StopFreezeTimer()
    {
        lock (freezeSync)
        {
            freezeTimer?.Dispose();
            freezeTimer = null;
        }
    }

    private FreezeStatus? DescribeFreeze()
    {
        if (freezing is not { } record) return null;
        FreezeCounters counters = Tree.Session.ReadFreezeCounters();
        return new FreezeStatus(
            record.Scope == FreezeScope.All ? ControlVerb.All : ControlVerb.Names, counters.Waiting, counters.Refused,
            Math.Round(record.Left.TotalSeconds, digits: 1));
    }

    private static TimeSpan Milliseconds(ControlRequest order, int index) =>
        uint.TryParse(order.Argument(index), NumberStyles.None, CultureInfo.InvariantCulture, out uint milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new FailureException(FailureKind.Usage,
                $"{order.Word}: \"{order.Argument(index)}\" is no number of milliseconds",
                "use the same version on both sides");

    [LoggerMessage(EventId = 7, Level = LogLevel.Information,
        Message = "{MountPoint}: frozen ({Scope}) in {Milliseconds:0.##} ms; it thaws by itself after {Seconds} s")]
    private partial void LogFrozen(string mountPoint, string scope, double milliseconds, double seconds);

    [LoggerMessage(EventId = 8, Level = LogLevel.Information, Message = "{MountPoint}: thawed")]
    private partial void LogThawed(string mountPoint);

    [LoggerMessage(EventId = 9, Level = LogLevel.Warning,
        Message = "{MountPoint}: frozen for as long as was asked for; changes go on, what was prepared is out of date")]
    private partial void LogWindowOver(string mountPoint);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information,
        Message = "{MountPoint}: still frozen, for {Seconds:0} s more, as the server before this one was")]
    private partial void LogStillFrozen(string mountPoint, double seconds);
}
