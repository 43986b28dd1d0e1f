using System.Globalization;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>One server that the supervisor has started.</summary>
internal sealed class ServerProcess : IDisposable
{
    private ServerProcess(int processId, int descriptor)
    {
        ProcessId = processId;
        Descriptor = descriptor;
    }

    public int ProcessId { get; }

    /// <summary>Readable when the process has ended (pidfd_open(2)).</summary>
    public int Descriptor { get; }

    /// <summary>Whether its mount has answered.</summary>
    public bool IsReady { get; set; }

    /// <summary>Whether it has said that its connection ended as it was meant to.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Which <see cref="SupervisorState.Version"/> its program takes as a supervisor; 0 for none.</summary>
    public int StateVersion { get; set; }

    /// <summary>The last failure that it told of, and the next step.</summary>
    public (string Message, string NextStep)? Failure { get; set; }

    /// <summary>Its exit code, or 128 and the number of the signal that ended it; null while it runs.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Starts <paramref name="program"/> with what is kept.</summary>
    /// <param name="program">Its file.</param>
    /// <param name="arguments">Its arguments, its name first.</param>
    /// <param name="kept">Its descriptors from 3 on.</param>
    /// <param name="notifyPath">Where it sends messages.</param>
    /// <param name="isStandby">Whether it is to wait for the one that serves.</param>
    /// <param name="lastEnd">How the one before it ended (<see cref="ServerEnd"/>); null if there was none.</param>
    /// <param name="process">The process; null with an error.</param>
    public static Errno Start(
        string program, IReadOnlyList<string> arguments, DescriptorTable kept, string notifyPath, bool isStandby,
        string? lastEnd, out ServerProcess? process)
    {
        process = null;
        List<string> environment = Libc.EnvironmentStrings(
            Supervisor.MemoryVariable, DescriptorStore.NotifyVariable, DescriptorStore.KindVariable,
            DescriptorStore.StandbyVariable, DescriptorStore.EndVariable, DescriptorStore.ListenProcessVariable,
            DescriptorStore.ListenCountVariable, DescriptorStore.ListenNamesVariable, DescriptorStore.StoreVariable);
        environment.Add($"{DescriptorStore.NotifyVariable}={notifyPath}");
        environment.Add($"{DescriptorStore.KindVariable}={DescriptorStoreName.Supervisor}");
        environment.Add(string.Create(
            CultureInfo.InvariantCulture, $"{DescriptorStore.StoreVariable}={DescriptorTable.CountMax}"));
        if (isStandby) environment.Add($"{DescriptorStore.StandbyVariable}=1");
        if (lastEnd is not null) environment.Add($"{DescriptorStore.EndVariable}={lastEnd}");
        if (kept.Count > 0)
        {
            environment.Add(string.Create(
                CultureInfo.InvariantCulture, $"{DescriptorStore.ListenCountVariable}={kept.Count}"));
            environment.Add($"{DescriptorStore.ListenNamesVariable}={kept.Names}");
        }
        int[] descriptors = [0, 1, 2, .. kept.Descriptors];
        Errno error = Libc.SpawnDetached(
            program, arguments, environment, descriptors, blockedSignals: 0, out int processId);
        if (error != Errno.OK) return error;
        error = Libc.OpenProcess(processId, out int descriptor);
        if (error == Errno.OK) process = new ServerProcess(processId, descriptor);
        return error;
    }

    /// <summary>Goes on with a child of this process that is ready.</summary>
    public static Errno Adopt(int processId, out ServerProcess? process)
    {
        Errno error = Libc.OpenProcess(processId, out int descriptor);
        process = error == Errno.OK ? new ServerProcess(processId, descriptor) { IsReady = true } : null;
        return error;
    }

    /// <summary>kill(2).</summary>
    public void Signal(int signal)
    {
        if (ExitCode is null) _ = Libc.SendSignal(ProcessId, signal);
    }

    /// <summary>Whether it has ended; its exit code is known from then on.</summary>
    public bool HasEnded()
    {
        if (ExitCode is not null) return true;
        if (Libc.TryWaitForExit(ProcessId, out bool hasEnded, out int exitCode) != Errno.OK || !hasEnded) return false;
        ExitCode = exitCode;
        return true;
    }

    public void Dispose() => _ = Libc.Close(Descriptor);
}
