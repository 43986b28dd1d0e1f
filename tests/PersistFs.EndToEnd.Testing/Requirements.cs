using Mono.Unix.Native;

namespace PersistFs.EndToEnd.Testing;

/// <summary>What an end-to-end test needs of the machine, and the sentence that explains what is missing.</summary>
public static class Requirements
{
    /// <summary>
    /// Environment variable naming a directory of another file system. The POSIX and application tests then run there,
    /// which is how they are themselves tested: what tmpfs fails is no fair demand.
    /// </summary>
    public const string ForeignDirectoryVariable = "PERSISTFS_TEST_DIR";

    /// <summary>Environment variable that asks for the long runs.</summary>
    public const string LongRunVariable = "PERSISTFS_LONG";

    /// <summary>The directory the tests run in instead of a mount of the product, or null.</summary>
    public static string? ForeignDirectory { get; } = Environment.GetEnvironmentVariable(ForeignDirectoryVariable);

    /// <summary>Whether the long runs are asked for.</summary>
    public static bool IsLongRun { get; } = Environment.GetEnvironmentVariable(LongRunVariable) == "1";

    /// <summary>Why a test cannot run here, or null when it can.</summary>
    /// <param name="tools">Programs it starts, separated by blanks.</param>
    /// <param name="productOnly">Whether a foreign directory cannot take the place of the product.</param>
    public static string? Missing(string tools, bool productOnly)
    {
        if (Syscall.geteuid() != 0) return "needs root";
        if (productOnly && ForeignDirectory != null)
        {
            return $"only PersistFS promises it, and {ForeignDirectoryVariable} is set";
        }

        if (ForeignDirectory == null && !File.Exists("/dev/fuse")) return "needs /dev/fuse";
        foreach (string tool in tools.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Tool.Find(tool) == null) return $"needs the program {tool} (tests/install brings it)";
        }

        return null;
    }
}
