using System.Runtime.CompilerServices;
using PersistFs.EndToEnd.Testing;

namespace PersistFs.Fuse.Tests.Kernel;

/// <summary>A fact about a connection of this machine's kernel, which has to know RESEND.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ResendFactAttribute : FactAttribute
{
    public ResendFactAttribute(
        [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = Missing;

    /// <summary>Why no such connection can be made here, or null.</summary>
    public static string? Missing { get; } =
        Environment.OSVersion.Version < new Version(6, 9)
            ? "needs Linux 6.9"
            : Requirements.Missing("stat", productOnly: true);
}
