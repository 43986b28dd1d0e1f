namespace PersistFs.Engine.Arenas;

/// <summary>
/// Something in the arena cannot be what its place says it is; the volume turns read-only, callers get EIO.
/// </summary>
public sealed class ArenaCorruptException : Exception
{
    public ArenaCorruptException(string message)
        : base(message)
    {
    }
}
