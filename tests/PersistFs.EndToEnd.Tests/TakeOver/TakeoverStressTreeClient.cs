using PersistFs.EndToEnd.Tests.Restart;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Names, links, modes, attributes: how each call ends and what comes of it is what a model says.</summary>
internal sealed class TakeoverStressTreeClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private const int RoundsPerLook = 2000;

    private readonly KillStressModel model = new(seed);

    protected override void Round()
    {
        KillStressOperation operation = model.Next();
        Errno errno = operation.Execute(Home);
        Assert.True(errno == operation.Expected, $"{operation.Name}: {errno}, not {operation.Expected}");
        operation.Apply();
        if ((Rounds + 1) % RoundsPerLook == 0) Close();
    }

    protected override void Close() => KillStressWorker.AssertSame(
        model.Describe(null), model.DescribeActual(Home, null), "the tree is not what completed calls made");
}
