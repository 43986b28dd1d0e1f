using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>One request that ends the servers that take it, one after the other.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class RequestDeathTests : IDisposable
{
    private readonly OtherVersions versions;
    private readonly HeldTree tree;

    public RequestDeathTests(OtherVersions versions)
    {
        this.versions = versions;
        string next = versions.Next;
        tree = new HeldTree();
        tree.Up();
        tree.Run("upgrade", tree.Root, "--exec", next);
    }

    public void Dispose()
    {
        foreach (string left in Directory.GetFiles(versions.Deaths)) File.Delete(left);
        tree.Dispose();
    }

    /// <summary>Before the change, and between the change and its reply.</summary>
    [RootTheory(ProductOnly = true, Tools = "dotnet tar")]
    [InlineData("early", 2, 0)]
    [InlineData("late", 3, 1)]
    public void A_directory_is_made_once_however_many_servers_crash_over_it(string when, int deaths, int recalled)
    {
        Die(when, deaths);
        Succeeds(Syscall.mkdir(tree.At(when), Mode(755)));
        AssertAfter(deaths, recalled, givenUp: 0);
        Assert.Equal([tree.At(when)], Directory.GetFileSystemEntries(tree.Root));
        Succeeds(Syscall.stat(tree.Root, out Stat root));
        Assert.Equal(3UL, root.st_nlink);
        Fails(Errno.EEXIST, Syscall.mkdir(tree.At(when), Mode(755)));
    }

    [RootFact(ProductOnly = true, Tools = "dotnet tar")]
    public void A_request_that_three_servers_crashed_of_gets_EIO_and_the_fourth_goes_on()
    {
        Die("early", times: 10);
        using Client client = new(tree.At("client"));
        Fails(Errno.EIO, Syscall.mkdir(tree.At("early"), Mode(755)));
        Assert.Equal(7, Directory.GetFiles(versions.Deaths).Length);
        AssertAfter(deaths: 3, recalled: 0, givenUp: 1);
        Assert.False(Directory.Exists(tree.At("early")));
        client.End();
        Succeeds(Syscall.mkdir(tree.At("other"), Mode(755)));
    }

    private void Die(string when, int times)
    {
        for (int death = 0; death < times; death++) File.WriteAllText($"{versions.Deaths}/{when}{death}", "");
    }

    private void AssertAfter(int deaths, int recalled, int givenUp)
    {
        // The upgrade was a take-over as well.
        // A request is answered during the replay, a moment before its server answers for its status.
        HeldTree.Await("answer", () => tree.Try("status", tree.Root).ExitCode == 0);
        JsonElement status = tree.Status(), recovery = status.GetProperty("lastRecovery");
        Assert.Equal(deaths + 1, status.GetProperty("takeovers").GetInt32());
        Assert.Equal(recalled, recovery.GetProperty("answeredFromRecords").GetInt32());
        Assert.Equal(givenUp, recovery.GetProperty("givenUp").GetInt32());
    }
}
