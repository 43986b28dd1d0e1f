namespace PersistFs.Engine.Arenas;

/// <summary>
/// Sees every store to the arena, so that a test can look at what a process killed there would leave.
/// </summary>
internal abstract class CrashObserver
{
    /// <summary>Called after a store that is whole or absent.</summary>
    public abstract void AfterStore();

    /// <summary>
    /// Called before a bulk copy of <paramref name="source"/> to <paramref name="target"/>, which may be torn at any
    /// word.
    /// </summary>
    public abstract void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> source);
}
