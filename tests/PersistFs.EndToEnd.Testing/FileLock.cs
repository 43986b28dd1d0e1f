using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

/// <summary>struct flock of fcntl(2), 64-bit.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileLock
{
    /// <summary>F_RDLCK 0, F_WRLCK 1, F_UNLCK 2.</summary>
    public short Type;

    /// <summary>What Start counts from; SEEK_SET 0.</summary>
    public short Whence;

    /// <summary>First byte.</summary>
    public long Start;

    /// <summary>Bytes; 0 means to the end of the file, however far it grows.</summary>
    public long Length;

    /// <summary>The holder, as F_GETLK reports it; 0 for open file description locks.</summary>
    public int ProcessId;
}
