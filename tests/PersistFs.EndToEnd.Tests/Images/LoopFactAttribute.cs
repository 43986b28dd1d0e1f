using System.Runtime.CompilerServices;
using Xunit.v3;

namespace PersistFs.EndToEnd.Tests.Images;

/// <summary>A fact about block devices; skipped, with the reason, where none can be made of a file.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IFactAttribute
{
    /// <inheritdoc/>
    string? IFactAttribute.Skip => Skip ?? Requirements.Missing("losetup", productOnly: true)
        ?? (File.Exists("/dev/loop-control") ? null : "needs loop devices (/dev/loop-control)");
}
