using System.Globalization;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>Keeping an arena in memory while its tree is not mounted: nobody else has it.</summary>
public sealed partial class Supervisor
{
    private bool IsIdle => server is null && startDue is null && upgrade is null;

    /// <summary>The tree is unmounted, or cannot be served; what it lies in stays until it is discarded.</summary>
    private void Idle()
    {
        kept.Remove(DescriptorName.Connection);
        readiness.Dispose();
        restarts = new RestartPolicy();
        wasReady = false;
        isEnding = false;
        Log("the arena stays in memory, without a server");
    }

    /// <summary>Answers what is asked of an arena in memory; the connection stays the caller's to close.</summary>
    private void AnswerOfArena(string[] words, int connection)
    {
        string process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (words is [SupervisorVerb.Kept])
        {
            ControlSocket.Answer(connection, [SupervisorVerb.Kept, process, .. kept.Entries]);
        }
        if (!IsIdle || words is not [SupervisorVerb.Discard]) return;
        ControlSocket.Answer(connection, SupervisorVerb.Discard, process);
        exitCode = 0;
    }

    /// <summary>Starts a server for an arena in memory that had none.</summary>
    /// <returns>Whether the connection is the new server's readiness pipe now.</returns>
    private bool TryServe(string[] words, int connection)
    {
        if (!IsIdle || words is not [SupervisorVerb.Serve, var newProgram, .. var newArguments]) return false;
        ControlSocket.Answer(connection, SupervisorVerb.Serve);
        readiness = new ReadinessPipe(connection);
        program = newProgram;
        programArguments = newArguments;
        startDue = Environment.TickCount64;
        return true;
    }
}
