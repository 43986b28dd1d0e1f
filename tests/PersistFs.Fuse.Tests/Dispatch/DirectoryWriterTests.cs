using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Dispatch;

/// <summary>Directory entries are packed as the kernel unpacks them.</summary>
public sealed class DirectoryWriterTests
{
    [Theory, InlineData(1, 32), InlineData(8, 32), InlineData(9, 40), InlineData(255, 280)]
    public void An_entry_takes_a_multiple_of_eight_bytes(int nameLength, int expected)
    {
        byte[] buffer = new byte[expected];
        Array.Fill(buffer, (byte)0xFF);
        byte[] name = new byte[nameLength];
        Array.Fill(name, (byte)'n');
        DirectoryWriter writer = new(buffer, isPlus: false, validSeconds: 1);

        Assert.True(writer.TryAdd(42, ModeBits.Regular, name, 43));

        Assert.Equal(expected, writer.LengthInBytes);
        DirectoryEntry entry = MemoryMarshal.Read<DirectoryEntry>(buffer);
        Assert.Equal(
            (42UL, 43UL, (uint)nameLength, 8u), (entry.InodeNumber, entry.NextCookie, entry.NameLength, entry.Type));
        Assert.Equal(name, buffer.AsSpan(24, nameLength));
        Assert.Equal(-1, buffer.AsSpan(24 + nameLength).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void What_does_not_fit_is_not_begun()
    {
        DirectoryWriter writer = new(new byte[32 + 31], isPlus: false, validSeconds: 1);
        Assert.True(writer.TryAdd(1, ModeBits.Directory, "."u8, 1));

        Assert.False(writer.HasRoomFor(1));
        Assert.False(writer.TryAdd(1, ModeBits.Directory, ".."u8, 2));
        Assert.Equal(32, writer.LengthInBytes);
    }

    [Fact]
    public void With_inodes_an_entry_is_a_lookup_and_a_dot_is_none()
    {
        byte[] buffer = new byte[4096];
        DirectoryWriter writer = new(buffer, isPlus: true, validSeconds: 17);
        EntryOut entry = new()
        {
            NodeId = new NodeId(5),
            Attributes = new NodeAttributes { InodeNumber = 5, Mode = ModeBits.SymbolicLink },
        };

        Assert.True(writer.TryAdd(1, ModeBits.Directory, "."u8, 1));
        int second = writer.LengthInBytes;
        Assert.True(writer.TryAdd(in entry, "link"u8, 2));

        Assert.Equal(NodeId.None, MemoryMarshal.Read<EntryOut>(buffer).NodeId);
        EntryOut written = MemoryMarshal.Read<EntryOut>(buffer.AsSpan(second));
        Assert.Equal(new NodeId(5), written.NodeId);
        Assert.Equal((17UL, 17UL), (written.EntryValidSeconds, written.AttributesValidSeconds));
        DirectoryEntry named = MemoryMarshal.Read<DirectoryEntry>(buffer.AsSpan(second + Unsafe.SizeOf<EntryOut>()));
        Assert.Equal((5UL, 10u), (named.InodeNumber, named.Type));
    }

    [Fact]
    public void Without_inodes_an_entry_given_with_one_is_a_name()
    {
        DirectoryWriter writer = new(new byte[32], isPlus: false, validSeconds: 17);
        EntryOut entry = new() { NodeId = new NodeId(5) };

        Assert.True(writer.TryAdd(in entry, "link"u8, 2));
    }
}
