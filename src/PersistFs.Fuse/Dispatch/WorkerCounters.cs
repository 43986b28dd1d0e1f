using PersistFs.Fuse.Abi;

namespace PersistFs.Fuse.Dispatch;

/// <summary>What one request thread has done. Only that thread writes; any thread reads.</summary>
/// <remarks>
/// One array for each thread, its first and last eight numbers unused, so that no two threads write to one cache line.
/// </remarks>
internal sealed class WorkerCounters
{
    /// <summary>Opcodes that are counted apart; all others count as the last.</summary>
    public const int OpcodeCount = 64;

    private const int Padding = 8;
    private const int MalformedIndex = Padding;
    private const int ResentIndex = Padding + 1;
    private const int UndeliveredIndex = Padding + 2;
    private const int RefusedIndex = Padding + 3;
    private const int BytesReadIndex = Padding + 4;
    private const int BytesWrittenIndex = Padding + 5;
    private const int OpcodeIndex = Padding + 8;

    private readonly ulong[] numbers = new ulong[OpcodeIndex + OpcodeCount + Padding];

    public ulong Malformed => Get(MalformedIndex);

    public ulong Resent => Get(ResentIndex);

    public ulong Undelivered => Get(UndeliveredIndex);

    public ulong Refused => Get(RefusedIndex);

    public ulong BytesRead => Get(BytesReadIndex);

    public ulong BytesWritten => Get(BytesWrittenIndex);

    public ulong RequestsOf(int opcode) => Get(OpcodeIndex + opcode);

    public void CountRequest(Opcode opcode) =>
        Add(OpcodeIndex + (int)Math.Min((uint)opcode, OpcodeCount - 1), 1);

    public void CountMalformed() => Add(MalformedIndex, 1);

    public void CountResent() => Add(ResentIndex, 1);

    public void CountUndelivered() => Add(UndeliveredIndex, 1);

    public void CountRefused() => Add(RefusedIndex, 1);

    public void CountBytesRead(uint count) => Add(BytesReadIndex, count);

    public void CountBytesWritten(uint count) => Add(BytesWrittenIndex, count);

    private ulong Get(int index) => Volatile.Read(ref numbers[index]);

    private void Add(int index, ulong count) => Volatile.Write(ref numbers[index], numbers[index] + count);
}
