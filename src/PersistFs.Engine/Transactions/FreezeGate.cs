namespace PersistFs.Engine.Transactions;

/// <summary>Where every operation begins: closed, it holds new ones off until it is opened again.</summary>
/// <remarks>
/// An operation says that it has begun and then looks at the gate; a freeze closes the gate and then makes every thread
/// pass a barrier. So it finds each operation either begun, which it can wait for, or held off.
/// </remarks>
internal sealed class FreezeGate
{
    private readonly object guard = new();
    private volatile bool isClosed;

    /// <summary>Whether operations are held off. An operation looks only after it has said that it begins.</summary>
    public bool IsClosed => isClosed;

    /// <summary>Closes the gate.</summary>
    /// <returns>False where somebody else holds it closed.</returns>
    public bool TryClose()
    {
        lock (guard)
        {
            if (isClosed) return false;
            isClosed = true;
            return true;
        }
    }

    /// <summary>Opens the gate; every operation that waits goes on. An open gate stays as it is.</summary>
    public void Open()
    {
        lock (guard)
        {
            isClosed = false;
            Monitor.PulseAll(guard);
        }
    }

    /// <summary>Waits until the gate is open; it may be closed again by then.</summary>
    public void AwaitOpen()
    {
        lock (guard)
        {
            while (isClosed) Monitor.Wait(guard);
        }
    }
}
