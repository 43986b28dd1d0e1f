using System.Runtime.CompilerServices;
using Xunit;
using Xunit.v3;

namespace PersistFs.EndToEnd.Testing;

/// <summary>A theory about a mounted tree; skipped, with the reason, where the machine cannot mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootTheoryAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : TheoryAttribute(sourceFilePath, sourceLineNumber), IFactAttribute
{
    /// <inheritdoc cref="RootFactAttribute.Tools"/>
    public string Tools { get; set; } = "";

    /// <inheritdoc cref="RootFactAttribute.ProductOnly"/>
    public bool ProductOnly { get; set; }

    /// <inheritdoc/>
    string? IFactAttribute.Skip => Skip ?? Requirements.Missing(Tools, ProductOnly);
}
