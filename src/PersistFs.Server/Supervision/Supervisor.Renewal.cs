using PersistFs.Linux;

namespace PersistFs.Server.Supervision;

/// <summary>After an upgrade the supervisor becomes the new program, in the same process, with all it keeps.</summary>
public sealed partial class Supervisor
{
    private bool isRenewalDue;

    /// <summary>What it was as an older program; null for one that has just been started.</summary>
    private static SupervisorState? TakeState()
    {
        var state = SupervisorState.Parse(Environment.GetEnvironmentVariable(SupervisorState.Variable));
        Environment.SetEnvironmentVariable(SupervisorState.Variable, null);
        foreach (int descriptor in state?.Descriptors ?? []) _ = Libc.SetCloseOnExec(descriptor, closes: true);
        return state;
    }

    /// <summary>A server of a new program serves.</summary>
    private void ConsiderRenewal(ServerProcess newServer)
    {
        bool isSameFile = Libc.GetStatus("/proc/self/exe", out FileStatus own) == Errno.OK
            && Libc.GetStatus(program, out FileStatus other) == Errno.OK
            && (own.Device, own.InodeNumber) == (other.Device, other.InodeNumber);
        if (isSameFile) return;
        isRenewalDue = newServer.StateVersion == SupervisorState.Version;
        if (!isRenewalDue) Log($"{program} cannot go on as the supervisor, which stays what it was");
    }

    /// <summary>
    /// Becomes the new program at a moment when there is little to pass on: one server, which serves.
    /// </summary>
    private void RenewWhenDue()
    {
        bool isQuiet = upgrade is null && leaving.Count == 0 && server is { IsReady: true } && !isEnding;
        if (!isRenewalDue || !isQuiet) return;
        isRenewalDue = false;
        SupervisorState state = new(
            supervisorLock.Descriptor, notifySocket.Descriptor, controlSocket.Descriptor, server!.ProcessId, kept.All);
        SupervisorArguments next = new(-1, arguments.MountPoint, program, programArguments);
        foreach (int descriptor in state.Descriptors) _ = Libc.SetCloseOnExec(descriptor, closes: false);
        // Signals that have come stay pending: they are blocked before and after.
        IEnumerable<string> host = programArguments.TakeWhile(word => word != Launcher.ServeVerb);
        Errno error = Libc.Execute(program, [.. host, SupervisorArguments.Verb, .. next.ToStrings()],
            [.. Libc.EnvironmentStrings(SupervisorState.Variable), $"{SupervisorState.Variable}={state}"]);
        foreach (int descriptor in state.Descriptors) _ = Libc.SetCloseOnExec(descriptor, closes: true);
        Log($"{program} cannot go on as the supervisor, which stays what it was: {error}");
    }

    /// <summary>Goes on where the older program was.</summary>
    private void Resume(SupervisorState state)
    {
        foreach ((string name, int descriptor) in state.Kept) kept.Adopt(name, descriptor);
        wasReady = true;
        if (ServerProcess.Adopt(state.Server, out server) != Errno.OK) return;
        startDue = null;
        Log($"process {Environment.ProcessId} goes on as {program}");
    }
}
