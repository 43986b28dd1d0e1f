using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

public static partial class Kernel
{
    private const long GetDents64 = 217;

    /// <summary>Reads the next entries of an open directory by getdents64(2); none at its end.</summary>
    /// <param name="directory">An open directory; its offset is the position.</param>
    /// <param name="bufferSizeInBytes">How much one call may return; small values exercise the cookies.</param>
    public static unsafe List<DirectoryEntry> ReadDirectory(int directory, int bufferSizeInBytes = 32768)
    {
        byte[] buffer = new byte[bufferSizeInBytes];
        long length = SystemCall.Succeeds(GetDirectoryEntries(directory, buffer));
        List<DirectoryEntry> entries = [];
        for (int at = 0; at < length;)
        {
            // struct linux_dirent64: inode, cookie of the next entry, length of this record, type, name.
            ReadOnlySpan<byte> record = buffer.AsSpan(at, (int)length - at);
            ulong inode = MemoryMarshal.Read<ulong>(record);
            long cookie = MemoryMarshal.Read<long>(record[8..]);
            ushort size = MemoryMarshal.Read<ushort>(record[16..]);
            ReadOnlySpan<byte> name = record[19..size];
            name = name[..name.IndexOf((byte)0)];
            entries.Add(new DirectoryEntry(inode, cookie, record[18], System.Text.Encoding.Latin1.GetString(name)));
            at += size;
        }

        return entries;
    }

    /// <summary>getdents64(2) into <paramref name="buffer"/>.</summary>
    public static long GetDirectoryEntries(int directory, byte[] buffer) =>
        SystemCallBytes(GetDents64, directory, buffer, buffer.Length);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCallBytes(long number, long descriptor, byte[] buffer, long length);
}
