using Xunit.Sdk;

namespace PersistFs.EndToEnd.Testing;

/// <summary>Finds the <c>persistfs</c> executable under test.</summary>
public static class ProductBinary
{
    /// <summary>Environment variable that names the executable; without it the one the build left is taken.</summary>
    public const string PathVariable = "PERSISTFS_BIN";

    /// <summary>The executable's path.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable(PathVariable) ?? FromBuild();

    /// <summary>The folder that holds PersistFs.sln.</summary>
    public static string RepositoryRoot
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder != null && !File.Exists(System.IO.Path.Combine(folder.FullName, "PersistFs.sln")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName ?? throw new XunitException("no PersistFs.sln above the test assembly");
        }
    }

    private static string FromBuild()
    {
        // .../bin/<configuration>/net10.0/ of the tests names the configuration of the product, built beside them.
        DirectoryInfo output = new(AppContext.BaseDirectory);
        string path = System.IO.Path.Combine(RepositoryRoot, "src/PersistFs.Cli/bin", output.Parent!.Name, output.Name,
            "linux-x64/persistfs");
        return File.Exists(path) ? path : throw new XunitException($"{path} is missing: build src/PersistFs.Cli");
    }
}
