namespace PersistFs.Fuse;

/// <summary>Mounting or unmounting failed; the message names the object, the cause and what can be done.</summary>
public sealed class MountException : IOException
{
    /// <summary>Without a message.</summary>
    public MountException()
    {
    }

    /// <summary>With a message.</summary>
    public MountException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and what led to it.</summary>
    public MountException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
