using Xunit;

namespace PersistFs.Testing.EndToEnd;

/// <summary>A theory about a mounted tree; skipped, with the reason, where the machine cannot mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootTheoryAttribute : TheoryAttribute
{
    /// <inheritdoc cref="RootFactAttribute.Tools"/>
    public string Tools { get; set; } = "";

    /// <inheritdoc cref="RootFactAttribute.ProductOnly"/>
    public bool ProductOnly { get; set; }

    /// <inheritdoc/>
    public override string? Skip
    {
        get => base.Skip ?? Requirements.Missing(Tools, ProductOnly);
        set => base.Skip = value;
    }
}
