using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PersistFs.Architecture.Tests.Tidy;

/// <summary>Members of the product that the product does not use: only tests do, or nothing does.</summary>
public sealed class UseTests
{
    /// <summary>Files whose members mirror a page of the kernel's or of the format, used or not.</summary>
    private static readonly string[] Mirrors =
    [
        "src/PersistFs.Fuse/Abi/", "src/PersistFs.Engine/Format/", "src/PersistFs.Linux/Errno.cs",
        "src/PersistFs.Linux/ModeBits.cs", "src/PersistFs.Linux/OpenFlags.cs", "src/PersistFs.Linux/MountFlags.cs",
        "src/PersistFs.Linux/UnmountFlags.cs", "src/PersistFs.Linux/PollEvents.cs",
        "src/PersistFs.Linux/UnixSocketKind.cs",
    ];

    /// <summary>Members that the product may have without naming them, each with the reason.</summary>
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal)
    {
        ["Main"] = "the runtime calls it",
        ["Dispose"] = "a using statement calls it",
        ["GetEnumerator"] = "a foreach statement calls it",
        ["Deconstruct"] = "a pattern calls it",
        ["ExitCodeExtensions"] = "a type of extension methods is not named",
        ["HugePolicyExtensions"] = "a type of extension methods is not named",
        ["ServerOnly"] = "the value 0 of a set of flags",
        ["StatusWords"] = "a type of extension methods is not named",
        ["IsFrozen"] = "a test sees by it whether a freeze that failed has let go",
        ["IsHeld"] = "a test sees by it that no lock is left behind",
        ["ParkedCount"] = "a test sees by it how many threads wait",
        ["CurrentValue"] = "IOptionsMonitor asks for it",
        ["OnChange"] = "IOptionsMonitor asks for it",
        ["StartAsync"] = "IHostedService asks for it",
        ["StopAsync"] = "IHostedService asks for it",
        ["HandedOver"] = "a server ends with the number, which is taken from its failure",
        ["node0"] = "the first element of an inline array",
        ["stripe0"] = "the first element of an inline array",
        ["Restorer"] = "the kernel reads it",
        ["Requested"] = "the kernel reads it",
    };

    [Fact]
    public void A_member_of_the_product_is_used_by_the_product()
    {
        var findings = new Findings("A member of the product is used by the product, not by tests alone.");
        Dictionary<string, int> uses = CountNames();
        foreach (SourceFile source in Repository.Product)
        {
            if (Mirrors.Any(mirror => source.Path.StartsWith(mirror, StringComparison.Ordinal))) continue;
            foreach ((SyntaxToken name, MemberDeclarationSyntax member) in Declared(source.Unit))
            {
                if (IsCalledFromOutside(member) || Exceptions.ContainsKey(name.ValueText)) continue;
                if (uses.GetValueOrDefault(name.ValueText) > 0) continue;
                findings.Add(source.Path, source.LineOf(name), $"{name.ValueText} is not used in src");
            }
        }
        findings.AssertNone();
    }

    /// <summary>How often each name stands in the product, where it is not declared.</summary>
    private static Dictionary<string, int> CountNames()
    {
        var uses = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (SourceFile source in Repository.Product)
        {
            HashSet<SyntaxToken> declared = [.. Declared(source.Unit).Select(member => member.Name)];
            foreach (SyntaxToken token in source.Unit.DescendantTokens())
            {
                if (!token.IsKind(SyntaxKind.IdentifierToken) || declared.Contains(token)) continue;
                uses[token.ValueText] = uses.GetValueOrDefault(token.ValueText) + 1;
            }
        }
        return uses;
    }

    private static IEnumerable<(SyntaxToken Name, MemberDeclarationSyntax Member)> Declared(SyntaxNode unit) =>
        from member in unit.DescendantNodes().OfType<MemberDeclarationSyntax>()
        from name in NamesOf(member)
        select (name, member);

    private static IEnumerable<SyntaxToken> NamesOf(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => [method.Identifier],
        PropertyDeclarationSyntax property => [property.Identifier],
        BaseTypeDeclarationSyntax type => [type.Identifier],
        EnumMemberDeclarationSyntax value => [value.Identifier],
        FieldDeclarationSyntax fields => fields.Declaration.Variables.Select(field => field.Identifier),
        _ => [],
    };

    /// <summary>Whether a member fulfils what a base, an interface or a serializer asks for.</summary>
    private static bool IsCalledFromOutside(MemberDeclarationSyntax member) =>
        member.Modifiers.Any(SyntaxKind.OverrideKeyword)
        || member.AttributeLists.Count > 0
        || member is MethodDeclarationSyntax { ExplicitInterfaceSpecifier: not null };
}
