using System.Runtime.CompilerServices;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>Inode locks that one operation holds; Dispose lets them go. A transaction inside ends before.</summary>
internal readonly ref struct InodeGuard
{
    private const int StripesMax = 4;

    private readonly InodeLocks locks;
    private readonly Worker worker;
    private readonly StripeSet stripes;
    private readonly int exclusiveCount;
    private readonly bool isShared;

    public InodeGuard(InodeLocks locks, Worker worker, int sharedStripe)
    {
        this.locks = locks;
        this.worker = worker;
        stripes[0] = sharedStripe;
        isShared = true;
    }

    public InodeGuard(InodeLocks locks, Worker worker, scoped in StripeSet stripes, int count)
    {
        this.locks = locks;
        this.worker = worker;
        this.stripes = stripes;
        exclusiveCount = count;
    }

    /// <summary>Ascending, without repetition.</summary>
    [InlineArray(StripesMax)]
    internal struct StripeSet
    {
        private int stripe0;
    }

    public void Dispose()
    {
        if (isShared) locks.ExitShared(stripes[0]);
        for (int index = 0; index < exclusiveCount; index++) locks.ExitExclusive(stripes[index]);
        worker.Leave();
    }
}
