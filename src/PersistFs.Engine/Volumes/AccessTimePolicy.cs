namespace PersistFs.Engine.Volumes;

/// <summary>When reading a file sets its access time (mount(8): relatime, noatime, strictatime).</summary>
public enum AccessTimePolicy
{
    /// <summary>If it is not later than the modification or change time, or a day old.</summary>
    Relative,

    /// <summary>Not at all.</summary>
    Never,

    /// <summary>Every time.</summary>
    Always,
}
