namespace PersistFs.Architecture.Tests;

/// <summary>One line of a comment.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="IsBehindCode">Whether code stands before it.</param>
/// <param name="Text">What it says, without slashes and blanks around it.</param>
internal sealed record Comment(int Line, bool IsBehindCode, string Text);
