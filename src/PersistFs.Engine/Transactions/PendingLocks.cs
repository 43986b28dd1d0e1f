namespace PersistFs.Engine.Transactions;

/// <summary>One lock for each pending list, held from the first change to it until the transaction ends.</summary>
internal sealed class PendingLocks
{
    private const int StrideInWords = 16;

    private readonly int[] words = new int[Format.Layout.PendingListCount * StrideInWords];

    public void Enter(int list)
    {
        var spin = new SpinWait();
        while (Interlocked.CompareExchange(ref words[list * StrideInWords], 1, 0) != 0) spin.SpinOnce(-1);
    }

    public void Exit(int list) => Volatile.Write(ref words[list * StrideInWords], 0);
}
