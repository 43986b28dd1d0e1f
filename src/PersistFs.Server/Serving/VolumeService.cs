using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PersistFs.Fuse.Sessions;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Serving;

/// <summary>
/// The volume as a hosted service: the host is ready when the mount answers, and ends when the mount does.
/// </summary>
internal sealed partial class VolumeService(
    VolumeServer server, DescriptorStore store, IHostApplicationLifetime lifetime, ILogger logger) : IHostedService
{
    private readonly ILogger logger = logger;

    /// <summary>Why the service ended although nobody had asked for it; null when all went well.</summary>
    public FailureException? Failure { get; private set; }

    /// <summary>Returns when the mount answers; what it throws ends the host.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        server.Start();
        server.Completion.ContinueWith(
            OnEnd, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        server.Stop();
        return Task.CompletedTask;
    }

    private void OnEnd(Task<SessionEnd> completion)
    {
        SessionEnd end = completion.Result;
        // Handed over: the process ends as soon as it has let go, and nothing here may be quicker.
        if (end.Reason == SessionEndReason.Stopped) return;
        if (end.Reason == SessionEndReason.Unmounted) store.Stopping();
        LogEnd(end.Message);
        if (end.Reason is SessionEndReason.Refused or SessionEndReason.Failed or SessionEndReason.Aborted)
        {
            Failure = new FailureException(
                end.Reason == SessionEndReason.Refused ? FailureKind.NoFuse : FailureKind.InputOutput,
                $"{server.MountPointPath}: {end.Message}", "look into the kernel's log (dmesg), and mount again");
        }
        lifetime.StopApplication();
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Information, Message = "{Reason}")]
    private partial void LogEnd(string reason);
}
