using System.Runtime.CompilerServices;
using Xunit;
using Xunit.v3;

namespace PersistFs.EndToEnd.Testing;

/// <summary>A fact about a mounted tree; skipped, with the reason, where the machine cannot mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IFactAttribute
{
    /// <summary>Programs the test starts, separated by blanks.</summary>
    public string Tools { get; set; } = "";

    /// <summary>Whether a foreign file system cannot pass the test, such as one of a kill.</summary>
    public bool ProductOnly { get; set; }

    /// <inheritdoc/>
    string? IFactAttribute.Skip => Skip ?? Requirements.Missing(Tools, ProductOnly);
}
