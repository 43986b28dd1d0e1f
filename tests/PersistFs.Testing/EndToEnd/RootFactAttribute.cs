using Xunit;

namespace PersistFs.Testing.EndToEnd;

/// <summary>A fact about a mounted tree; skipped, with the reason, where the machine cannot mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    /// <summary>Programs the test starts, separated by blanks.</summary>
    public string Tools { get; set; } = "";

    /// <summary>Whether a foreign file system cannot pass the test, such as one of a kill.</summary>
    public bool ProductOnly { get; set; }

    /// <inheritdoc/>
    public override string? Skip
    {
        get => base.Skip ?? Requirements.Missing(Tools, ProductOnly);
        set => base.Skip = value;
    }
}
