using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>Reader-writer locks of inodes, many inodes to a stripe, in ordinary memory.</summary>
/// <remarks>
/// A caller takes all the stripes it needs at once, in ascending order; so no two callers wait for each other.
/// </remarks>
internal sealed class InodeLocks
{
    private const int StripeCount = 1024;
    private const int StrideInWords = 16;
    private const int Exclusive = -1;

    /// <summary>A stripe's word: readers inside, or -1 for a writer.</summary>
    private readonly int[] words = new int[StripeCount * StrideInWords];

    public static int StripeOf(InodeNumber inode) => (int)(inode.Value * 0x9E37_79B9_7F4A_7C15 >> 54);

    public InodeGuard Share(Worker worker, InodeNumber inode)
    {
        int stripe = StripeOf(inode);
        worker.Enter();
        EnterShared(stripe);
        return new InodeGuard(this, worker, stripe);
    }

    /// <summary>Locks up to four inodes for change; <see cref="InodeNumber.None"/> stands for no further one.</summary>
    public InodeGuard Own(
        Worker worker, InodeNumber first, InodeNumber second = default, InodeNumber third = default,
        InodeNumber fourth = default)
    {
        var stripes = default(InodeGuard.StripeSet);
        int count = 0;
        Add(ref stripes, ref count, first);
        Add(ref stripes, ref count, second);
        Add(ref stripes, ref count, third);
        Add(ref stripes, ref count, fourth);
        worker.Enter();
        for (int index = 0; index < count; index++) EnterExclusive(stripes[index]);
        return new InodeGuard(this, worker, in stripes, count);
    }

    internal void EnterShared(int stripe)
    {
        ref int word = ref words[stripe * StrideInWords];
        var spin = new SpinWait();
        while (true)
        {
            int readers = Volatile.Read(ref word);
            if (readers >= 0 && Interlocked.CompareExchange(ref word, readers + 1, readers) == readers) return;
            spin.SpinOnce(-1);
        }
    }

    internal void ExitShared(int stripe) => Interlocked.Decrement(ref words[stripe * StrideInWords]);

    internal void ExitExclusive(int stripe) => Volatile.Write(ref words[stripe * StrideInWords], 0);

    private void EnterExclusive(int stripe)
    {
        ref int word = ref words[stripe * StrideInWords];
        var spin = new SpinWait();
        while (Interlocked.CompareExchange(ref word, Exclusive, 0) != 0) spin.SpinOnce(-1);
    }

    /// <summary>Inserts a stripe in ascending order, once.</summary>
    private static void Add(ref InodeGuard.StripeSet stripes, ref int count, InodeNumber inode)
    {
        if (inode.IsNone) return;
        int stripe = StripeOf(inode);
        int position = count;
        while (position > 0 && stripes[position - 1] >= stripe)
        {
            if (stripes[position - 1] == stripe) return;
            position--;
        }
        for (int index = count; index > position; index--) stripes[index] = stripes[index - 1];
        stripes[position] = stripe;
        count++;
    }
}
