using System.Diagnostics;
using Xunit.Sdk;

namespace PersistFs.EndToEnd.Testing;

/// <summary>Starts programs as a person would at a shell, and says all they said when they fail.</summary>
public static class Tool
{
    /// <summary>A compiler on a machine that runs all tests at once needs it; nothing else comes near it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program and returns its standard output; a non-zero exit status fails the test.</summary>
    public static string Run(string program, params string[] arguments) => RunIn("/", program, arguments);

    /// <summary>As <see cref="Run"/>, with the working directory <paramref name="directory"/>.</summary>
    public static string RunIn(string directory, string program, params string[] arguments)
    {
        ToolResult result = TryIn(directory, program, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new XunitException($"{program} {string.Join(' ', arguments)}: exit status {result.ExitCode}\n" +
                                       $"{Tail(result.Output)}\n{Tail(result.Error)}");
    }

    /// <summary>Runs a program and returns how it ended, whatever its exit status.</summary>
    public static ToolResult Try(string program, params string[] arguments) => TryIn("/", program, arguments);

    /// <summary>Runs a bash script; the first command that fails fails the test.</summary>
    /// <param name="directory">The working directory.</param>
    /// <param name="script">The script; its positional parameters are <paramref name="arguments"/>.</param>
    /// <param name="arguments">$1, $2 and so on.</param>
    public static string Bash(string directory, string script, params string[] arguments) =>
        RunIn(directory, "bash", ["-euo", "pipefail", "-c", script, "bash", .. arguments]);

    /// <summary>The path of a program, or null when it is not installed.</summary>
    public static string? Find(string program)
    {
        string path = (Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/sbin:/sbin";
        return path.Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    /// <summary>Starts a program that the test ends itself.</summary>
    public static Process Start(string directory, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(Find(program) ?? program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The host passes its own diagnostics settings down; a program under test is started as from a shell.
        foreach (string name in start.Environment.Keys.Where(IsOfTheTestHost).ToArray()) start.Environment.Remove(name);
        return Process.Start(start)!;
    }

    /// <summary>As <see cref="Try"/>, with the working directory <paramref name="directory"/>.</summary>
    public static ToolResult TryIn(string directory, string program, params string[] arguments)
    {
        using Process process = Start(directory, program, arguments);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        string command = $"{program} {string.Join(' ', arguments)}";
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new XunitException($"{command}: no end after {Patience}");
        }

        return Task.WaitAll([output, error], Patience)
            ? new ToolResult(process.ExitCode, output.Result, error.Result)
            : throw new XunitException($"{command}: ended, but something it started holds its output open");
    }

    private static bool IsOfTheTestHost(string name) =>
        name.StartsWith("DOTNET_", StringComparison.Ordinal) && name != "DOTNET_ROOT" ||
        name.StartsWith("VSTEST", StringComparison.Ordinal) || name.StartsWith("MSBuild", StringComparison.Ordinal);

    private static string Tail(string text) => text.Length <= 4000 ? text : "..." + text[^4000..];
}
