namespace PersistFs.EndToEnd.Testing;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit status; 128 + n when signal n ended it.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
public sealed record ToolResult(int ExitCode, string Output, string Error);
