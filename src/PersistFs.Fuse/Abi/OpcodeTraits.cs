namespace PersistFs.Fuse.Abi;

/// <summary>What the server knows of an opcode beside its handler: one row of <see cref="Opcodes"/>.</summary>
/// <param name="Opcode">The opcode.</param>
/// <param name="Name">Its name in linux/fuse.h, without FUSE_.</param>
/// <param name="Reply">What its reply consists of.</param>
public readonly record struct OpcodeTraits(Opcode Opcode, string Name, ReplyShape Reply)
{
    /// <summary>Whether it has a handler. Without one the answer is ENOSYS; without a reply it is dropped.</summary>
    public bool IsServed { get; init; } = true;

    /// <summary>Whether it waits while the session is frozen.</summary>
    public TreeChange Changes { get; init; }

    /// <summary>Whether it may take far longer than the usual microseconds: another thread reads meanwhile.</summary>
    public bool MayTakeLong { get; init; }

    /// <summary>How its reply is rebuilt when an earlier server has executed it.</summary>
    public RecalledReply Recall { get; init; }

    /// <summary>
    /// Whether it is tried again after ENOSPC while room is about to come. A refused attempt has changed nothing that
    /// the next one would not change.
    /// </summary>
    public bool AwaitsRoom { get; init; }

    /// <summary>Whether the kernel waits for a reply, and sends the request again until it has one.</summary>
    public bool HasReply => Reply != ReplyShape.None;
}
