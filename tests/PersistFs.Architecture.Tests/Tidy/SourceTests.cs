using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PersistFs.Architecture.Tests.Tidy;

/// <summary>Sizes and places of what stands in the C# files.</summary>
public sealed class SourceTests
{
    private const int FileLinesMax = 399, FunctionLinesMax = 59, ColumnsMax = 120;

    /// <summary>Folders of structures that are one page of the kernel's header each.</summary>
    private const string ManyTypesAFile = "src/PersistFs.Fuse/Abi/";

    [Fact]
    public void A_file_is_shorter_than_400_lines()
    {
        var findings = new Findings("A file has fewer than 400 lines.");
        foreach (SourceFile source in Repository.Sources)
        {
            int count = source.Unit.GetText().Lines.Count(line => !line.SpanIncludingLineBreak.IsEmpty);
            if (count > FileLinesMax) findings.Add(source.Path, count, $"{count} lines");
        }
        findings.AssertNone();
    }

    [Fact]
    public void A_function_is_shorter_than_60_lines()
    {
        var findings = new Findings("A function has fewer than 60 lines.");
        foreach (SourceFile source in Repository.Sources)
        {
            foreach (SyntaxNode function in source.Unit.DescendantNodes().Where(IsFunction))
            {
                FileLinePositionSpan span = source.Unit.SyntaxTree.GetLineSpan(function.Span);
                int count = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
                if (count > FunctionLinesMax) findings.Add(source.Path, source.LineOf(function), $"{count} lines");
            }
        }
        findings.AssertNone();
    }

    [Fact]
    public void A_line_has_120_columns_at_most_and_no_blank_at_its_end()
    {
        var findings = new Findings("A line has at most 120 columns and ends with no blank.");
        foreach (SourceFile source in Repository.Sources) Look(source.Path, source.Lines);
        foreach (Page page in Repository.Pages) Look(page.Path, page.Lines);
        findings.AssertNone();

        void Look(string file, string[] lines)
        {
            for (int index = 0; index < lines.Length; index++)
            {
                int columns = new System.Globalization.StringInfo(lines[index]).LengthInTextElements;
                if (columns > ColumnsMax) findings.Add(file, index + 1, $"{columns} columns");
                if (lines[index].Length == lines[index].TrimEnd().Length) continue;
                findings.Add(file, index + 1, "blank at the end");
            }
        }
    }

    [Fact]
    public void A_file_holds_one_type_and_is_called_like_it()
    {
        var findings = new Findings("A file holds one type, whose name the file's begins with.");
        foreach (SourceFile source in Repository.Sources)
        {
            if (source.Path.StartsWith(ManyTypesAFile, StringComparison.Ordinal)) continue;
            string name = Path.GetFileName(source.Path).Split('.')[0];
            foreach (MemberDeclarationSyntax type in source.Types)
            {
                string typeName = NameOf(type);
                if (typeName != name) findings.Add(source.Path, source.LineOf(type), $"{typeName} in a file of {name}");
            }
        }
        findings.AssertNone();
    }

    [Fact]
    public void A_folder_is_a_namespace()
    {
        var findings = new Findings("The folder of a file is the namespace of its type.");
        foreach (SourceFile source in Repository.Sources)
        {
            string folder = Path.GetDirectoryName(source.Path)!;
            string expected = folder[(folder.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace('/', '.');
            foreach (MemberDeclarationSyntax type in source.Types)
            {
                string name = (type.Parent as BaseNamespaceDeclarationSyntax)?.Name.ToString() ?? "no namespace";
                if (name != expected) findings.Add(source.Path, source.LineOf(type), $"{name} instead of {expected}");
            }
        }
        findings.AssertNone();
    }

    private static bool IsFunction(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax
            or PropertyDeclarationSyntax { ExpressionBody: not null };

    private static string NameOf(MemberDeclarationSyntax type) => type switch
    {
        BaseTypeDeclarationSyntax declared => declared.Identifier.ValueText,
        DelegateDeclarationSyntax declared => declared.Identifier.ValueText,
        _ => type.ToString(),
    };
}
