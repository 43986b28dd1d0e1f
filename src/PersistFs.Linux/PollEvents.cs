namespace PersistFs.Linux;

/// <summary>Event bits of poll(2) (asm-generic/poll.h).</summary>
[Flags]
public enum PollEvents : short
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Error = 0x8,
    HangUp = 0x10,
    Invalid = 0x20,
}
