using System.Runtime.CompilerServices;

namespace PersistFs.Fuse.Tests.Kernel;

/// <summary>As <see cref="ResendFactAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ResendTheoryAttribute : TheoryAttribute
{
    public ResendTheoryAttribute(
        [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = ResendFactAttribute.Missing;
}
