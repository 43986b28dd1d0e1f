using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>Collects the pieces of memory of one read; pieces that lie one behind the other become one.</summary>
internal ref struct IoVectorList(Span<IoVector> segments)
{
    private readonly Span<IoVector> segments = segments;

    /// <summary>Segments so far.</summary>
    public int Count { get; private set; }

    public void Add(nint address, nuint lengthInBytes)
    {
        if (Count > 0)
        {
            IoVector last = segments[Count - 1];
            if (last.Address + (nint)last.LengthInBytes == address)
            {
                segments[Count - 1] = new IoVector(last.Address, last.LengthInBytes + lengthInBytes);
                return;
            }
        }
        segments[Count++] = new IoVector(address, lengthInBytes);
    }
}
