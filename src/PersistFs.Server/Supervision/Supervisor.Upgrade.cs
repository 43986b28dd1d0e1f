using PersistFs.Linux;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>Planned upgrades: the new server is ready before the old one is told to let go.</summary>
public sealed partial class Supervisor
{
    private const string StillServed = "the old version goes on serving; nothing was interrupted";

    private void Answer(string[] words, int connection)
    {
        if (words is [SupervisorVerb.Upgrade, var newProgram])
        {
            if (BeginUpgrade(newProgram, connection) is not { } refusal) return;
            ControlSocket.Answer(connection, SupervisorVerb.Fail, refusal, StillServed);
        }
        else
        {
            if (TryServe(words, connection)) return;
            AnswerOfArena(words, connection);
        }
        _ = Libc.Close(connection);
    }

    /// <summary>Starts the new server beside the old one.</summary>
    /// <returns>Why not; null when it was started: the client is told later how it went.</returns>
    private string? BeginUpgrade(string newProgram, int connection)
    {
        if (upgrade is not null) return $"{arguments.MountPoint}: an upgrade is under way already";
        if (server is not { IsReady: true } || isEnding) return $"{arguments.MountPoint}: the server is not ready";
        bool isSame = newProgram.Length == 0;
        string wanted = isSame ? program : newProgram;
        IReadOnlyList<string> wantedArguments = isSame ? programArguments : ServeArguments();
        // Nobody can know yet how the old one will end. Should it not let go but die, then hardly of the request that
        // it has in hand just now; and if it does, the end of the new one tells.
        Errno error = ServerProcess.Start(
            wanted, wantedArguments, kept, notifySocket.Path, isStandby: true, ServerEnd.Killed,
            out ServerProcess? standby);
        if (error != Errno.OK) return $"{wanted}: cannot be started: {error}";
        upgrade = new Upgrade(standby!, wanted, wantedArguments, connection);
        return null;
    }

    /// <summary>The server's arguments without those of a runtime that hosts it.</summary>
    private IReadOnlyList<string> ServeArguments()
    {
        int verb = 0;
        while (verb < programArguments.Count && programArguments[verb] != Launcher.ServeVerb) verb++;
        return ["persistfs", .. programArguments.Skip(verb)];
    }

    /// <summary>The new server is ready to take over.</summary>
    private void LetGo()
    {
        upgrade!.HandOver(server);
        if (server is not null) return;
        server = upgrade.Standby;
        upgrade.TakeOver();
    }

    /// <summary>Whether an upgrade sees to it that there is a server again.</summary>
    private bool TakesOverFrom(ServerProcess ended)
    {
        switch (upgrade?.Step)
        {
            case UpgradeStep.Starting:
                // It died on its own; the new one will find nobody to wait for.
                return true;

            case UpgradeStep.HandingOver:
                server = upgrade.Standby;
                upgrade.TakeOver();
                return true;

            case UpgradeStep.TakingOver:
                RollBack(WhyEnded(ended));
                return true;

            default:
                return false;
        }
    }

    /// <summary>The mount answers again: the upgrade has succeeded, or has been rolled back.</summary>
    private void FinishUpgrade(ServerProcess process)
    {
        if (upgrade is not { } finished) return;
        if (finished.Step == UpgradeStep.RollingBack)
        {
            upgrade = null;
            finished.Fail(finished.Failure!,
                "the old version was started again and serves; clients saw a pause, no error");
        }
        else if (process == finished.Standby)
        {
            // The old server has let go of the arena; it may take a moment to give its memory back.
            if (server is { } old && old != process) leaving.Add(old);
            server = process;
            (program, programArguments) = (finished.Program, finished.Arguments);
            upgrade = null;
            finished.Succeed();
            Log($"process {process.ProcessId}, {program}, has taken over");
            ConsiderRenewal(process);
        }
    }

    /// <summary>A new server that has ended before it took over.</summary>
    private void CollectStandby()
    {
        if (upgrade is not { IsStandbyWaiting: true } failed || !failed.Standby.HasEnded()) return;
        string cause = WhyEnded(failed.Standby);
        lastEnd = ServerEnd.WordOf(failed.Standby.ExitCode!.Value);
        failed.Standby.Dispose();
        Log($"the upgrade failed: {cause}");
        if (failed.Step == UpgradeStep.Starting && server is not null)
        {
            upgrade = null;
            failed.Fail(cause, StillServed);
        }
        else
        {
            RollBack(cause);
        }
    }

    /// <summary>The old program serves again as soon as it can.</summary>
    private void RollBack(string cause)
    {
        upgrade!.RollBack(cause);
        // One that was told to let go is on its way out, and is started again when it has ended.
        if (server is null) startDue = Environment.TickCount64;
    }

    /// <summary>What takes too long is killed: its end is noticed like any other.</summary>
    private void WatchUpgrade()
    {
        if (upgrade is null || Environment.TickCount64 < upgrade.Deadline) return;
        ServerProcess? late = upgrade.Step == UpgradeStep.HandingOver ? server : upgrade.Standby;
        Log($"process {late?.ProcessId} takes too long and is killed");
        late?.Signal(Libc.KillSignal);
        upgrade.Postpone();
    }

    private static string WhyEnded(ServerProcess process)
    {
        if (process.Failure is { } failure) return failure.Message;
        int code = process.ExitCode!.Value;
        return code > SignalBase
            ? $"the new server was ended by signal {code - SignalBase} before it could take over"
            : $"the new server ended with exit code {code} before it could take over";
    }
}
