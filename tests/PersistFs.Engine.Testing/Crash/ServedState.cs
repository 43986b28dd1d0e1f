using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>What a server has done to an arena, as far as its clients and the kernel can tell.</summary>
/// <param name="Tree">The files.</param>
/// <param name="Lookups">The kernel's references.</param>
internal sealed record ServedState(TreeImage Tree, LookupImage Lookups)
{
    public static ServedState Read(Volume volume)
    {
        TreeImage tree = TreeReader.Read(volume);
        return new ServedState(tree, LookupImage.Read(volume, tree));
    }
}
