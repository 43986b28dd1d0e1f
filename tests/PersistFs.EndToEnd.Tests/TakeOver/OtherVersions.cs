namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Programs built from the sources with a line changed here and there, once a test run.</summary>
public sealed class OtherVersions : IDisposable
{
    /// <summary>What the next version calls itself.</summary>
    public const string NextNumber = "0.2.0";

    /// <summary>The bit of the feature that only the next version knows; no other may open an arena with it.</summary>
    public const ulong NextFeature = 1;

    private const string Configuration = "Release";
    private const string Opener = "src/PersistFs.Engine/Arenas/Superblocks.cs";
    private const string Known = "KnownIncompatible = Superblock.FeatureSegments";
    private const string Names = "src/PersistFs.Server/FileSystem/TreeFileSystem.Names.cs";
    private const string MakesDirectory = "return Make(in context, name, bits, device: 0, target: default, ref entry);";
    private const string Requests = "src/PersistFs.Server/FileSystem/TreeFileSystem.Requests.cs";
    private const string Recalls = "Fill(ref entry, in attributes);";
    private const string Layout = "src/PersistFs.Engine/Format/Layout.cs";

    private readonly string home = Directory.CreateTempSubdirectory("persistfs-versions-").FullName;
    private readonly Lazy<string> next;
    private readonly Lazy<string> foreign;

    public OtherVersions()
    {
        Directory.CreateDirectory(Deaths);
        next = new Lazy<string>(() => Build(
            "next", (Opener, Known, $"{Known} | {NextFeature}"), (Names, MakesDirectory, MortalMakesDirectory),
            (Requests, Recalls, MortalRecalls)));
        foreign = new Lazy<string>(() =>
        {
            // The rest of it is built already.
            _ = next.Value;
            return Build("foreign", (Layout, "uint Version = 1;", "uint Version = 2;"));
        });
    }

    /// <summary>The next version: the same format, and one feature of it that this one does not know.</summary>
    public string Next => next.Value;

    /// <summary>
    /// A directory where each file is one death of a server of the next version that makes a directory: before the
    /// change if both are called "early" and something, after it if "late" and something. A death takes its file along.
    /// </summary>
    public string Deaths => Path.Combine(home, "deaths");

    /// <summary>A program that knows another version of the format only.</summary>
    public string Foreign => foreign.Value;

    private string MortalMakesDirectory => $$"""
        Die(name, "early");
        Errno error = Make(in context, name, bits, device: 0, target: default, ref entry);
        Die(name, "late");
        return error;

        static void Die(FileName name, string when)
        {
            if (!System.Text.Encoding.UTF8.GetString(name.Bytes).StartsWith(when)) return;
            foreach (string death in System.IO.Directory.EnumerateFiles("{{Deaths}}", when + "*"))
            {
                System.IO.File.Delete(death);
                System.Environment.FailFast(when);
            }
        }
        """;

    /// <summary>A request that an earlier server executed can end the one that answers it from the record.</summary>
    private string MortalRecalls => $$"""
        {{Recalls}}
        foreach (string death in System.IO.Directory.EnumerateFiles("{{Deaths}}", "late*"))
        {
            System.IO.File.Delete(death);
            System.Environment.FailFast("late");
        }
        """;

    public void Dispose() => Directory.Delete(home, recursive: true);

    private string Build(string name, params (string File, string Old, string New)[] changes)
    {
        string sources = Path.Combine(home, "sources");
        if (!Directory.Exists(sources)) CopySources(sources);
        foreach ((string changed, string before, string after) in changes)
        {
            string file = Path.Combine(sources, changed), text = File.ReadAllText(file);
            Assert.Contains(before, text, StringComparison.Ordinal);
            File.WriteAllText(file, text.Replace(before, after, StringComparison.Ordinal));
        }
        Tool.RunIn(sources, "dotnet", "build", "src/PersistFs.Cli", "-c", Configuration, "-v", "quiet", "-nologo",
            "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", $"-p:Version={NextNumber}");
        string built = Path.Combine(sources, "src/PersistFs.Cli/bin", Configuration, "net10.0/linux-x64");
        string kept = Path.Combine(home, name);
        Tool.Run("cp", "-r", built, kept);
        return Path.Combine(kept, "persistfs");
    }

    /// <summary>What is versioned, and not what was built of it.</summary>
    private static void CopySources(string target) => Tool.Bash(
        ProductBinary.RepositoryRoot,
        "mkdir $1; cp *.props global.json .editorconfig $1; "
        + "tar c --exclude bin --exclude obj src | tar x -C $1", target);
}
