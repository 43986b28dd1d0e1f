using System.Runtime.CompilerServices;

namespace PersistFs.Fuse.Tests.Abi;

/// <summary>A fact that can be found out where a C compiler and the kernel's header are installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelHeaderFactAttribute : FactAttribute
{
    public const string CompilerPath = "/usr/bin/gcc";
    public const string HeaderPath = "/usr/include/linux/fuse.h";

    public KernelHeaderFactAttribute(
        [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        foreach (string path in (string[])[CompilerPath, HeaderPath])
        {
            if (!File.Exists(path)) Skip = $"{path} is not installed";
        }
    }
}
