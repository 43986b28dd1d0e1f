using PersistFs.Engine.Testing;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Upgrades between this version and others, which are built for it.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class VersionTests : IDisposable
{
    private const int Failed = 27;

    private readonly OtherVersions versions;
    private readonly HeldTree tree = new();

    public VersionTests(OtherVersions versions)
    {
        this.versions = versions;
        tree.Up();
    }

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true, Tools = "dotnet tar")]
    public void The_next_version_takes_over_and_this_one_again_while_no_new_feature_is_on()
    {
        string present = Version();
        Assert.NotEqual(OtherVersions.NextNumber, present);
        using Client client = new(tree.At("client"));
        for (int round = 0; round < 2; round++)
        {
            tree.Run("upgrade", tree.Root, "--exec", versions.Next);
            Assert.Equal(OtherVersions.NextNumber, Version());
            MountedTree.KillAlone(tree.Server);
            HeldTree.Await("the next version again", () => tree.Try("status", tree.Root).ExitCode == 0);
            Assert.Equal(OtherVersions.NextNumber, Version());
            tree.Run("upgrade", tree.Root, "--exec", ProductBinary.Path);
            Assert.Equal(present, Version());
        }
        client.End();
    }

    [RootFact(ProductOnly = true, Tools = "dotnet tar")]
    public void Once_a_new_feature_is_on_this_version_refuses_and_the_next_one_goes_on()
    {
        using Client client = new(tree.At("client"));
        tree.Run("upgrade", tree.Root, "--exec", versions.Next);
        ArenaFeatures.Set(tree.Arena, OtherVersions.NextFeature);
        OldGoesOn(ProductBinary.Path, "features 1");
        tree.Run("upgrade", tree.Root, "--exec", versions.Next);
        ArenaFeatures.Set(tree.Arena, 0);
        tree.Run("upgrade", tree.Root, "--exec", ProductBinary.Path);
        client.End();
    }

    [RootFact(ProductOnly = true, Tools = "dotnet tar")]
    public void A_program_of_another_format_version_refuses_and_this_one_goes_on()
    {
        using Client client = new(tree.At("client"));
        OldGoesOn(versions.Foreign, "format version 1");
        client.End();
    }

    private string Version() => tree.Status().GetProperty("version").GetString()!;

    private void OldGoesOn(string program, string cause)
    {
        int server = tree.Server;
        ToolResult result = tree.Try("upgrade", tree.Root, "--exec", program);
        Assert.Equal(Failed, result.ExitCode);
        Assert.Contains(cause, result.Error, StringComparison.Ordinal);
        Assert.Contains("old version goes on", result.Error, StringComparison.Ordinal);
        Assert.Equal(server, tree.Server);
    }
}
