namespace PersistFs.EndToEnd.Tests.Images;

/// <summary>A fact about block devices; skipped, with the reason, where none can be made of a file.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopFactAttribute : FactAttribute
{
    /// <inheritdoc/>
    public override string? Skip
    {
        get => base.Skip ?? Requirements.Missing("losetup", productOnly: true)
            ?? (File.Exists("/dev/loop-control") ? null : "needs loop devices (/dev/loop-control)");
        set => base.Skip = value;
    }
}
