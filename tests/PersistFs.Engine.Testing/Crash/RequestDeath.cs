using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>The moment at which a server dies of a request: as it is in hand, or as it is executed.</summary>
public static class RequestDeath
{
    /// <summary>Serves on the calling thread, and interrupts it once at that moment.</summary>
    /// <param name="volume">The volume that the request is served from.</param>
    /// <param name="unique">The request.</param>
    /// <param name="isExecuted">Whether the server dies when the request is not in hand any more.</param>
    /// <param name="die">Looks at the arena; its stores are not watched.</param>
    /// <param name="serve">Serves the request.</param>
    public static void Watch(Volume volume, ulong unique, bool isExecuted, Action die, Action serve)
    {
        CrashPoint.Observer = new RequestObserver(volume, unique, isExecuted, die);
        try
        {
            serve();
        }
        finally
        {
            CrashPoint.Observer = null;
        }
    }

    /// <summary>
    /// Sees when a request is taken in hand, and when it is not in hand any more: then its record is still there.
    /// </summary>
    private sealed class RequestObserver(Volume volume, ulong unique, bool isExecuted, Action die) : CrashObserver
    {
        private bool wasInHand;
        private bool isDead;

        public override void AfterStore()
        {
            bool isInHand = RecordReader.InHand(volume).Contains(unique);
            wasInHand |= isInHand;
            if (isDead || !wasInHand || isInHand == isExecuted) return;
            isDead = true;
            CrashPoint.Observer = null;
            die();
            CrashPoint.Observer = this;
        }

        public override void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> source)
        {
        }
    }
}
