using PersistFs.Linux;

namespace PersistFs.Server.Supervision;

/// <summary>An upgrade under way: the connection it was asked on, the new server, and how far it has come.</summary>
internal sealed class Upgrade(ServerProcess standby, string program, IReadOnlyList<string> arguments, int connection)
{
    /// <summary>How long a new server may take to start up, and to take over.</summary>
    private const int StartLimitInMilliseconds = 30_000;

    /// <summary>
    /// How long the old server may take to finish what it has in hand; then it is killed, which is as good.
    /// </summary>
    private const int HandOverLimitInMilliseconds = 1000;

    public ServerProcess Standby { get; } = standby;

    /// <summary>What is started from now on, if the new server takes over.</summary>
    public string Program { get; } = program;

    public IReadOnlyList<string> Arguments { get; } = arguments;

    /// <summary>How far it is.</summary>
    public UpgradeStep Step { get; private set; }

    /// <summary>Whether the new server is not yet the one that serves, and not yet failed.</summary>
    public bool IsStandbyWaiting => Step is UpgradeStep.Starting or UpgradeStep.HandingOver;

    /// <summary>When the step has taken too long, by <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; private set; } = Environment.TickCount64 + StartLimitInMilliseconds;

    /// <summary>Why it failed, once it has.</summary>
    public string? Failure { get; private set; }

    /// <summary>Tells the old server to let go; one that has died already has.</summary>
    public void HandOver(ServerProcess? old)
    {
        old?.Signal(Libc.UserSignal2);
        Step = UpgradeStep.HandingOver;
        Deadline = Environment.TickCount64 + HandOverLimitInMilliseconds;
    }

    /// <summary>The old server is gone, and the new one has nobody to wait for.</summary>
    public void TakeOver()
    {
        Step = UpgradeStep.TakingOver;
        Deadline = Environment.TickCount64 + StartLimitInMilliseconds;
    }

    /// <summary>The new server failed when the old one had gone: the old program is started again.</summary>
    public void RollBack(string failure)
    {
        Failure = failure;
        Step = UpgradeStep.RollingBack;
        Deadline = long.MaxValue;
    }

    /// <summary>What was late has been killed; its end comes as soon as the kernel has taken it down.</summary>
    public void Postpone() => Deadline = Environment.TickCount64 + StartLimitInMilliseconds;

    /// <summary>Tells the client that it is done.</summary>
    public void Succeed()
    {
        ControlSocket.Answer(connection, SupervisorVerb.Ready);
        _ = Libc.Close(connection);
    }

    /// <summary>Tells the client why it is not.</summary>
    public void Fail(string message, string nextStep)
    {
        ControlSocket.Answer(
            connection, SupervisorVerb.Fail, SupervisorVerb.OneLine(message), SupervisorVerb.OneLine(nextStep));
        _ = Libc.Close(connection);
    }
}
