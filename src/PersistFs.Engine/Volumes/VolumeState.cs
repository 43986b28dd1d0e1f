namespace PersistFs.Engine.Volumes;

/// <summary>What a volume still does.</summary>
public enum VolumeState
{
    Serving,

    /// <summary>Damage was found: reads go on where they can, changes get EROFS or EIO.</summary>
    ReadOnly,
}
