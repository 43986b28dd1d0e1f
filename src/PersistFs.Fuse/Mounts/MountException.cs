namespace PersistFs.Fuse.Mounts;

/// <summary>Mounting or unmounting failed; the message names the object and the cause.</summary>
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

    /// <summary>With the object and the cause, and what can be done.</summary>
    public MountException(string message, string nextStep)
        : base(message) => NextStep = nextStep;

    /// <summary>With a message and what led to it.</summary>
    public MountException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What can be done about it, without a full stop.</summary>
    public string NextStep { get; } = "be root, or install fusermount3 (package fuse3)";
}
