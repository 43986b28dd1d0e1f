namespace PersistFs.Engine.Arenas;

/// <summary>The places where a test may look at the arena as a killed process would leave it: every store.</summary>
/// <remarks>The switch is read once; where it is off, the compiler drops the calls.</remarks>
internal static class CrashPoint
{
    public const string SwitchName = "PersistFs.CrashPoints";

    public static readonly bool IsEnabled = AppContext.TryGetSwitch(SwitchName, out bool enabled) && enabled;

    /// <summary>The observer of this thread's stores; null for none.</summary>
    [ThreadStatic]
    public static CrashObserver? Observer;
}
