using System.Runtime.ExceptionServices;
using Mono.Unix.Native;

namespace PersistFs.EndToEnd.Testing;

/// <summary>Makes system calls as somebody else.</summary>
/// <remarks>
/// Linux keeps credentials per thread, and only the C library spreads them over a process. A thread that sets them by
/// the raw calls is another user for the rest of its life, so each action gets a thread of its own.
/// </remarks>
public static class Caller
{
    private const long SetGroups = 116, SetResUid = 117, SetResGid = 119;
    private const int CloneFs = 0x200;

    /// <summary>Runs <paramref name="action"/> as a user without privileges; rethrows what it throws.</summary>
    public static void Run(uint uid, uint gid, Action action, params int[] groups) => OnThread(() =>
    {
        SystemCall.Succeeds(Kernel.SystemCall3(SetGroups, groups.Length, groups));
        SystemCall.Succeeds(Kernel.SystemCall3(SetResGid, gid, gid, gid));
        SystemCall.Succeeds(Kernel.SystemCall3(SetResUid, uid, uid, uid));
        action();
    });

    /// <summary>Runs <paramref name="action"/> as root with a umask of its own.</summary>
    public static void WithMask(FilePermissions mask, Action action) => OnThread(() =>
    {
        Syscall.umask(mask);
        action();
    });

    /// <summary>Runs <paramref name="action"/> as root with a working directory of its own.</summary>
    public static void In(string directory, Action action) => OnThread(() =>
    {
        SystemCall.Succeeds(Syscall.chdir(directory));
        action();
    });

    private static void OnThread(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                SystemCall.Succeeds(Kernel.Unshare(CloneFs));  // umask and working directory become the thread's own.
                action();
            }
#pragma warning disable CA1031 // Whatever the action throws belongs to the thread that asked for it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
