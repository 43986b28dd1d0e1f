namespace PersistFs.Fuse.Tests.Kernel;

/// <summary>As <see cref="ResendFactAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ResendTheoryAttribute : TheoryAttribute
{
    public ResendTheoryAttribute() => Skip = ResendFactAttribute.Missing;
}
