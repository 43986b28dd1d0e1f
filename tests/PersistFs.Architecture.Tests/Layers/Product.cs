using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace PersistFs.Architecture.Tests.Layers;

/// <summary>The product's assemblies, as the build left them beside its executable.</summary>
internal static class Product
{
    /// <summary>The assemblies, lowest first. The engine and the FUSE library do not know each other.</summary>
    public static Ladder Assemblies { get; } = new("Linux < Engine | Fuse < Server < Cli");

    public static ArchUnitNET.Domain.Architecture Architecture { get; } =
        new ArchLoader().LoadFilteredDirectory(Folder, "*ersist*s*.dll").Build();

    /// <summary>The types of one assembly.</summary>
    public static IEnumerable<IType> TypesOf(string assembly) =>
        Architecture.Types.Where(type => AssemblyOf(NameOf(type)) == assembly);

    /// <summary>The arrows between types of the product; parameters of generic methods are no types of it.</summary>
    public static IEnumerable<(IType From, IType To)> Arrows() =>
        from type in Architecture.Types
        where AssemblyOf(NameOf(type)) != null
        from dependency in type.Dependencies
        where dependency.Target is not GenericParameter
        where AssemblyOf(NameOf(dependency.Target)) != null
        select (type, dependency.Target);

    /// <summary>The name of a type's namespace; empty where it has none.</summary>
    public static string NameOf(IType type) => type.Namespace?.FullName ?? "";

    /// <summary>The assembly whose namespace this is, without the product's name; null if it is foreign.</summary>
    public static string? AssemblyOf(string name)
    {
        string[] parts = name.Split('.');
        return parts is ["PersistFs", _, ..] && Assemblies.Rooms.Contains(parts[1]) ? parts[1] : null;
    }

    /// <summary>The room of its assembly that a namespace is; "root" for the assembly's own.</summary>
    public static string RoomOf(string name) => name.Split('.') is [_, _, string room, ..] ? room : "root";

    private static string Folder
    {
        get
        {
            // .../bin/<configuration>/net10.0/ of the tests names the configuration of the product, built beside them.
            DirectoryInfo output = new(AppContext.BaseDirectory);
            string[] parts = [Repository.Root, "src/PersistFs.Cli/bin", output.Parent!.Name, output.Name, "linux-x64"];
            return Path.Combine(parts);
        }
    }
}
