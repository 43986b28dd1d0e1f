using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Serving;

/// <summary>The process around a volume: signals, systemd's protocol, logs.</summary>
public static class ServerHost
{
    /// <summary>Whether READY=1 (sd_notify(3)) is awaited, by systemd or a program that speaks as it does.</summary>
    private static bool HasServiceManager =>
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NOTIFY_SOCKET")) || SystemdHelpers.IsSystemdService();

    /// <summary>What stopping may take beyond the grace given to clients.</summary>
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(30);

    /// <summary>Serves until the tree is unmounted, or SIGTERM or SIGINT comes.</summary>
    /// <param name="options">What to serve where.</param>
    /// <param name="store">What keeps the connection, and is told how the server is.</param>
    /// <param name="settleReturn">Asked of an arena in memory, before it is served.</param>
    /// <exception cref="FailureException">It could not start, or the connection broke.</exception>
    public static void Run(ServerOptions options, DescriptorStore store, ReturnHandler settleReturn)
    {
        // The empty builder: no watched files, no providers that nobody configured, and a small process.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings
        {
            ApplicationName = "persistfs",
            ContentRootPath = "/",
        });
        // The server itself tells a supervisor, and the log is then a file for people.
        bool hasServiceManager = HasServiceManager && store.Kind != DescriptorStoreKind.Supervisor;
        AddLogging(builder.Logging, hasServiceManager);
        if (hasServiceManager)
        {
            builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
        new FixedOptions<ConsoleLifetimeOptions>(new() { SuppressStatusMessages = true }).AddTo(builder.Services);
        new FixedOptions<HostOptions>(new() { ShutdownTimeout = options.StopGrace + StopMargin })
            .AddTo(builder.Services);
        builder.Services.AddSingleton(
            provider => provider.GetRequiredService<ILoggerFactory>().CreateLogger("persistfs"));
        builder.Services.AddSingleton(provider => new VolumeServer(
            options, store, settleReturn, provider.GetRequiredService<ILogger>()));
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton<VolumeService>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<VolumeService>());
        using IHost host = builder.Build();
        VolumeService service = host.Services.GetRequiredService<VolumeService>();
        host.Run();
        if (service.Failure is { } failure) throw failure;
    }

    /// <summary>One line an event on stderr; under systemd with the priority that journald reads.</summary>
    private static void AddLogging(ILoggingBuilder logging, bool hasServiceManager)
    {
        logging.AddConsole();
        // A failure to start is told by the caller, once and in our words.
        LoggerFilterOptions filter = new() { MinLevel = LogLevel.Information };
        filter.Rules.Add(new LoggerFilterRule(null, "Microsoft", LogLevel.Critical, filter: null));
        ConsoleLoggerOptions console = new()
        {
            FormatterName = hasServiceManager ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple,
            LogToStandardErrorThreshold = LogLevel.Trace,
        };
        SimpleConsoleFormatterOptions simple = new()
        {
            SingleLine = true,
            TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ",
            UseUtcTimestamp = true,
            ColorBehavior = LoggerColorBehavior.Disabled,
        };
        IServiceCollection services = logging.Services;
        new FixedOptions<LoggerFilterOptions>(filter).AddTo(services);
        new FixedOptions<LoggerFactoryOptions>(new()).AddTo(services);
        new FixedOptions<ConsoleLoggerOptions>(console).AddTo(services);
        new FixedOptions<SimpleConsoleFormatterOptions>(simple).AddTo(services);
        new FixedOptions<ConsoleFormatterOptions>(new()).AddTo(services);
        new FixedOptions<JsonConsoleFormatterOptions>(new()).AddTo(services);
    }
}
