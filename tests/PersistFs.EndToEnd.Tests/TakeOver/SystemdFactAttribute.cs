namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>A fact about the product under systemd; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemdFactAttribute : FactAttribute
{
    /// <inheritdoc/>
    public override string? Skip
    {
        get => base.Skip ?? SystemdNamespace.Missing;
        set => base.Skip = value;
    }
}
