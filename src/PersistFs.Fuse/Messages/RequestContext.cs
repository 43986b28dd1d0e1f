using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Fuse.Messages;

/// <summary>What every request carries beside its own arguments: its caller, its inode, its worker.</summary>
public readonly struct RequestContext
{
    /// <summary>The worker that serves the request, 0 to N-1; one request at a time has it.</summary>
    public int Worker { get; init; }

    /// <summary>What is asked for.</summary>
    public Opcode Opcode { get; init; }

    /// <summary>The request's number without the resend bit: the same when it is sent again.</summary>
    public ulong Unique { get; init; }

    /// <summary>Whether the kernel sends the request again, so that it may have been executed before.</summary>
    public bool IsResent { get; init; }

    /// <summary>The inode asked about; for operations on names, the directory.</summary>
    public NodeId NodeId { get; init; }

    /// <summary>The caller. With <see cref="WriteFlags.Cache"/> and in FORGET it names no caller.</summary>
    public Credentials Credentials { get; init; }

    /// <summary>
    /// The caller's umask in operations that make a file, else 0; to be applied when DontMask was chosen.
    /// </summary>
    public uint Umask { get; init; }

    /// <summary>
    /// The one supplementary group of the caller that is the group of the directory, in operations that make a file.
    /// </summary>
    public uint? SupplementaryGroupId { get; init; }
}
