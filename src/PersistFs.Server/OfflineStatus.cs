using PersistFs.Engine;

namespace PersistFs.Server;

/// <summary>The status of an arena that nobody serves.</summary>
public static class OfflineStatus
{
    /// <summary>Opens the arena, which finishes what a dead server left in flight, and looks.</summary>
    /// <exception cref="FailureException">It is no arena, or in use by somebody who does not answer.</exception>
    public static StatusReport Read(string arena)
    {
        try
        {
            using Volume volume = Volume.Open(arena, new VolumeOptions());
            return StatusSource.Describe(volume);
        }
        catch (ArenaException exception)
        {
            throw VolumeAccess.Translate(exception);
        }
    }
}
