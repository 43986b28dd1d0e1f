using System.Runtime.CompilerServices;
using Xunit.v3;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>A fact about the product under systemd; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemdFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IFactAttribute
{
    /// <inheritdoc/>
    string? IFactAttribute.Skip => Skip ?? SystemdNamespace.Missing;
}
