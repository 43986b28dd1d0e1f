using System.Diagnostics;

namespace PersistFs.Architecture.Tests;

/// <summary>The files of the repository, as git lists them.</summary>
internal static class Repository
{
    /// <summary>The folder that holds PersistFs.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file that git keeps or would keep, relative to <see cref="Root"/>, in order.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>The C# files.</summary>
    public static IReadOnlyList<SourceFile> Sources { get; } =
        [.. Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).Select(file => new SourceFile(file))];

    /// <summary>The C# files of the product.</summary>
    public static IEnumerable<SourceFile> Product => Sources.Where(source => source.IsProduct);

    /// <summary>The pages.</summary>
    public static IReadOnlyList<Page> Pages { get; } =
        [.. Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal)).Select(file => new Page(file))];

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder != null && !File.Exists(Path.Combine(folder.FullName, "PersistFs.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no PersistFs.sln above the test assembly");
    }

    private static string[] ListFiles()
    {
        ProcessStartInfo start = new("git",
            ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using Process git = Process.Start(start)!;
        string listed = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode != 0) throw new InvalidOperationException($"git ls-files ended with {git.ExitCode}");
        return
        [
            .. listed.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(file => File.Exists(Path.Combine(Root, file)))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }
}
