using ArchUnitNET.Domain;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PersistFs.Architecture.Tests.Layers;

/// <summary>What knows what: the assemblies, and the rooms (folders) in each of them.</summary>
public sealed class LadderTests
{
    /// <summary>Every assembly with its rooms, lowest first.</summary>
    public static TheoryData<string, string> Ladders => new()
    {
        { "Linux", "root" },
        { "Engine", "Format < Arenas < Transactions < Structures < Contents < Volumes < Check | Image | Dump" },
        { "Fuse", "Abi < Negotiation < Messages < Dispatch < Sessions < Mounts" },
        {
            "Server", "Failures < Paths < Settings < Control < Descriptors < Status < Mounts < FileSystem"
                + " < Supervision < Arenas < Memfd < Images < Serving < Kexec < Health"
        },
        { "Cli", "Output < Commands < root" },
    };

    [Fact]
    public void An_assembly_knows_the_assemblies_below_it_only()
    {
        var findings = new Findings("Assemblies in order: Linux < Engine | Fuse < Server < Cli.");
        foreach ((IType from, IType to) in Product.Arrows())
        {
            if (!Product.Assemblies.Allows(
                Product.AssemblyOf(Product.NameOf(from))!, Product.AssemblyOf(Product.NameOf(to))!))
            {
                findings.Add($"{from.FullName} -> {to.FullName}");
            }
        }
        Assert.All(Product.Assemblies.Rooms, assembly => Assert.NotEmpty(Product.TypesOf(assembly)));
        findings.AssertNone();
    }

    [Theory, MemberData(nameof(Ladders))]
    public void A_room_knows_the_rooms_below_it_only(string assembly, string order)
    {
        var ladder = new Ladder(order);
        var findings = new Findings($"Rooms of {assembly} in order: {order}.");
        foreach ((IType from, IType to) in Product.Arrows())
        {
            if (Product.AssemblyOf(Product.NameOf(from)) != assembly) continue;
            if (Product.AssemblyOf(Product.NameOf(to)) != assembly) continue;
            if (!ladder.Allows(Product.RoomOf(Product.NameOf(from)), Product.RoomOf(Product.NameOf(to))))
            {
                findings.Add($"{from.FullName} -> {to.FullName}");
            }
        }
        findings.AssertNone();
    }

    /// <summary>A constant leaves no trace in an assembly, but the directive that reaches it is in the file.</summary>
    [Theory, MemberData(nameof(Ladders))]
    public void A_file_uses_the_rooms_below_its_own_only(string assembly, string order)
    {
        var ladder = new Ladder(order);
        var findings = new Findings($"Rooms of {assembly} in order: {order}.");
        foreach (SourceFile source in Repository.Product)
        {
            string name = source.Unit.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()
                ?.Name.ToString() ?? "";
            if (Product.AssemblyOf(name) != assembly) continue;
            foreach (UsingDirectiveSyntax directive in source.Unit.DescendantNodes().OfType<UsingDirectiveSyntax>())
            {
                string used = directive.NamespaceOrType.ToString();
                if (Product.AssemblyOf(used) == assembly && !ladder.Allows(Product.RoomOf(name), Product.RoomOf(used)))
                {
                    findings.Add(source.Path, source.LineOf(directive), $"{name} uses {used}");
                }
            }
        }
        findings.AssertNone();
    }

    [Theory, MemberData(nameof(Ladders))]
    public void A_ladder_names_the_rooms_that_there_are(string assembly, string order)
    {
        IEnumerable<string> rooms = Product.TypesOf(assembly).Select(type => Product.RoomOf(Product.NameOf(type)));
        Assert.Equal(new Ladder(order).Rooms.Order(), rooms.Distinct().Order());
    }

    [Fact]
    public void No_namespaces_of_the_product_know_each_other_in_a_circle()
    {
        ILookup<string, string> known = Product.Arrows()
            .Select(arrow => (From: Product.NameOf(arrow.From), To: Product.NameOf(arrow.To)))
            .Where(arrow => arrow.From != arrow.To)
            .Distinct()
            .ToLookup(arrow => arrow.From, arrow => arrow.To);
        HashSet<string> left = [.. known.Select(from => from.Key)];
        while (left.RemoveWhere(from => !known[from].Any(left.Contains)) > 0)
        {
        }
        Assert.NotEmpty(known);
        Assert.Empty(left.Select(from => $"{from} -> {string.Join(", ", known[from].Where(left.Contains))}"));
    }
}
