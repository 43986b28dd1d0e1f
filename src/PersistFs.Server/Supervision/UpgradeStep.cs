namespace PersistFs.Server.Supervision;

/// <summary>How far an upgrade is.</summary>
internal enum UpgradeStep
{
    /// <summary>The new server starts up; the old one serves.</summary>
    Starting,

    /// <summary>The old server was told to let go.</summary>
    HandingOver,

    /// <summary>The old server is gone; the new one takes over.</summary>
    TakingOver,

    /// <summary>The new server failed; the old program is started again.</summary>
    RollingBack,
}
