using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Linux;
using Xunit;

namespace PersistFs.Engine.Testing;

/// <summary>A holder of segments in the test's own process, which outlives every volume.</summary>
/// <param name="isPinned">Whether it keeps segments whole, as the kernel does what it hands to the next one.</param>
internal sealed class SegmentKeeping(bool isPinned = false) : SegmentStore, IDisposable
{
    private readonly List<SafeFileHandle> kept = [];

    public override bool IsPinned => isPinned;

    /// <summary>Segments that can be made yet.</summary>
    public int Left { get; set; } = int.MaxValue;

    public IReadOnlyList<SafeFileHandle> Kept => kept;

    public override Errno TryMake(int index, ulong lengthInBytes, out SafeFileHandle? segment)
    {
        segment = null;
        if (Left-- <= 0) return Errno.ENOSPC;
        Assert.Equal(kept.Count, index);
        Assert.Equal(Errno.OK, Libc.CreateMemoryFile("persistfs-test", isHuge: false, out int descriptor));
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        Assert.Equal(Errno.OK, Libc.Truncate(file, lengthInBytes));
        if (isPinned) Assert.Equal(Errno.OK, Libc.Reserve(file, 0, lengthInBytes));
        kept.Add(file);
        segment = Open(index);
        return Errno.OK;
    }

    public override Errno TryFind(int index, out SafeFileHandle? segment)
    {
        segment = index < kept.Count ? Open(index) : null;
        return segment is null ? Errno.ENOENT : Errno.OK;
    }

    public override void Drop(int index)
    {
        Assert.Equal(kept.Count - 1, index);
        kept[index].Dispose();
        kept.RemoveAt(index);
    }

    /// <summary>What another process would find that took everything over now: copies, byte for byte.</summary>
    public SegmentKeeping Copy()
    {
        var copy = new SegmentKeeping(isPinned);
        byte[] buffer = new byte[1 << 20];
        foreach (SafeFileHandle file in kept)
        {
            Assert.Equal(Errno.OK, Libc.FileExtent(file, out ulong length, out _));
            Assert.Equal(Errno.OK, copy.TryMake(copy.kept.Count, length, out SafeFileHandle? target));
            using (target)
            {
                for (long offset = 0; offset < (long)length; offset += buffer.Length)
                {
                    int count = RandomAccess.Read(file, buffer, offset);
                    if (buffer.AsSpan(0, count).ContainsAnyExcept((byte)0))
                        RandomAccess.Write(target!, buffer.AsSpan(0, count), offset);
                }
            }
        }
        return copy;
    }

    public void Dispose()
    {
        foreach (SafeFileHandle file in kept) file.Dispose();
    }

    private SafeFileHandle Open(int index)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{kept[index].DangerousGetHandle()}");
        Assert.Equal(Errno.OK, Libc.Open(path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int descriptor));
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
