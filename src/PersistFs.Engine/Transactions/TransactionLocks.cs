namespace PersistFs.Engine.Transactions;

/// <summary>
/// Locks that a transaction takes on the way and holds until it ends, so that what it changed is nobody else's
/// before.
/// </summary>
internal sealed class TransactionLocks
{
    private const int StrideInWords = 16;

    private readonly int[] words;

    public TransactionLocks(int count) => words = new int[count * StrideInWords];

    public void Enter(int index)
    {
        var spin = new SpinWait();
        while (Interlocked.CompareExchange(ref words[index * StrideInWords], 1, 0) != 0) spin.SpinOnce(-1);
    }

    public void Exit(int index) => Volatile.Write(ref words[index * StrideInWords], 0);
}
