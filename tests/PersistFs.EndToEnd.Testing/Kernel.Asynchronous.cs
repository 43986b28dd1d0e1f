using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

public static unsafe partial class Kernel
{
    private const long IoSetup = 206, IoDestroy = 207, IoGetEvents = 208, IoSubmit = 209;
    private const ushort WriteCommand = 1;

    /// <summary>Writes by io_submit(2) and waits for the end of it by io_getevents(2).</summary>
    /// <returns>
    /// Bytes written; -1 when a call fails; less than -1 for a write that does: minus its error number.
    /// </returns>
    public static long WriteAsynchronously(int file, byte* bytes, int length, long offset)
    {
        nint context = 0;
        if (AsynchronousCall(IoSetup, 1, &context) < 0) return -1;
        try
        {
            ControlBlock block = new()
            {
                Command = WriteCommand,
                File = file,
                Address = (ulong)bytes,
                LengthInBytes = (ulong)length,
                Offset = offset,
            };
            ControlBlock* first = &block;
            if (AsynchronousCall(IoSubmit, context, 1, &first) < 0) return -1;
            CompletionEvent done;
            return AsynchronousCall(IoGetEvents, context, 1, 1, &done, null) < 0 ? -1 : done.Result;
        }
        finally
        {
            _ = AsynchronousCall(IoDestroy, context);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long AsynchronousCall(long number, nint context);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long AsynchronousCall(long number, long events, nint* context);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long AsynchronousCall(long number, nint context, long count, ControlBlock** blocks);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long AsynchronousCall(
        long number, nint context, long countMin, long countMax, CompletionEvent* events, void* timeout);

    /// <summary>struct iocb of linux/aio_abi.h.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct ControlBlock
    {
        [FieldOffset(16)] public ushort Command;
        [FieldOffset(20)] public int File;
        [FieldOffset(24)] public ulong Address;
        [FieldOffset(32)] public ulong LengthInBytes;
        [FieldOffset(40)] public long Offset;
    }

    /// <summary>struct io_event of linux/aio_abi.h.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct CompletionEvent
    {
        [FieldOffset(16)] public long Result;
    }
}
