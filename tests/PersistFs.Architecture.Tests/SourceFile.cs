using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PersistFs.Architecture.Tests;

/// <summary>A C# file of the repository, parsed when it is looked at.</summary>
/// <param name="path">Its path from the root of the repository.</param>
internal sealed class SourceFile(string path)
{
    private readonly Lazy<CompilationUnitSyntax> unit = new(() => Parse(path));

    public string Path => path;

    /// <summary>Whether it belongs to the product.</summary>
    public bool IsProduct => path.StartsWith("src/", StringComparison.Ordinal);

    public CompilationUnitSyntax Unit => unit.Value;

    public string[] Lines => [.. Unit.GetText().Lines.Select(line => line.ToString())];

    /// <summary>Its types that are nested in no other.</summary>
    public IEnumerable<MemberDeclarationSyntax> Types =>
        Unit.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(member => member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    /// <summary>Its comments: <c>//</c> and documentation, a line each.</summary>
    public IEnumerable<Comment> Comments()
    {
        string[] lines = Lines;
        foreach (SyntaxTrivia trivia in Unit.DescendantTrivia().Where(IsComment))
        {
            FileLinePositionSpan span = Unit.SyntaxTree.GetLineSpan(trivia.FullSpan);
            int last = span.EndLinePosition.Line - (span.EndLinePosition.Character == 0 ? 1 : 0);
            for (int line = span.StartLinePosition.Line; line <= last; line++)
            {
                int start = line == span.StartLinePosition.Line ? span.StartLinePosition.Character : 0;
                string text = lines[line][start..].Trim().TrimStart('/').Trim();
                yield return new Comment(line + 1, lines[line][..start].Trim(' ', '/').Length > 0, text);
            }
        }
    }

    /// <summary>The number, from 1, of the line a node begins at.</summary>
    public int LineOf(SyntaxNodeOrToken node) =>
        Unit.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1;

    private static bool IsComment(SyntaxTrivia trivia) => trivia.Kind()
        is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.SingleLineDocumentationCommentTrivia
        or SyntaxKind.MultiLineCommentTrivia;

    private static CompilationUnitSyntax Parse(string path) => CSharpSyntaxTree.ParseText(
            File.ReadAllText(System.IO.Path.Combine(Repository.Root, path)),
            CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview), path)
        .GetCompilationUnitRoot();
}
