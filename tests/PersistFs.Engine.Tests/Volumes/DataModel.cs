namespace PersistFs.Engine.Tests.Volumes;

/// <summary>A file as an array of bytes: what the engine is compared with.</summary>
internal sealed class DataModel
{
    private byte[] bytes = [];

    public int Size => bytes.Length;

    public ReadOnlySpan<byte> Bytes => bytes;

    public void Write(int offset, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return;
        if (offset + data.Length > Size) SetSize(offset + data.Length);
        data.CopyTo(bytes.AsSpan(offset));
    }

    public void SetSize(int size) => Array.Resize(ref bytes, size);

    public void Zero(int offset, int length)
    {
        int end = Math.Min(Size, offset + length);
        if (offset < end) bytes.AsSpan(offset..end).Clear();
    }

    public void Copy(int from, DataModel target, int to, int length)
    {
        length = Math.Min(length, Size - from);
        if (length > 0) target.Write(to, bytes.AsSpan(from, length).ToArray());
    }
}
