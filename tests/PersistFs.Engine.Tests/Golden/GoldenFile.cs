using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>A copy of a golden arena or image in a file of its own, which Dispose deletes.</summary>
/// <remarks>
/// The packed form is a Brotli stream of all bytes. One block is in memory at a time. Blocks of zeros become holes.
/// </remarks>
internal sealed class GoldenFile : IDisposable
{
    public const string ArenaSuffix = ".arena.br";
    public const string ImageSuffix = ".image.br";
    public const string ListingSuffix = ".listing.txt";

    private GoldenFile()
    {
    }

    public string Path { get; } = System.IO.Path.Combine("/dev/shm", $"persistfs-golden-{Guid.NewGuid():n}");

    /// <summary>A copy of what a resource of this assembly holds.</summary>
    public static GoldenFile Unpack(string name) => Unpack(Resource(name));

    /// <param name="packed">The packed form; it is closed.</param>
    public static GoldenFile Unpack(Stream packed)
    {
        var file = new GoldenFile();
        using var source = new BrotliStream(packed, CompressionMode.Decompress);
        using FileStream target = File.Create(file.Path);
        byte[] block = new byte[Layout.BlockSizeInBytes];
        for (int length; (length = source.ReadAtLeast(block, block.Length, throwOnEndOfStream: false)) > 0;)
        {
            if (block.AsSpan(0, length).ContainsAnyExcept((byte)0)) target.Write(block, 0, length);
            else target.Seek(length, SeekOrigin.Current);
        }
        target.SetLength(target.Position);
        return file;
    }

    /// <summary>Packs an arena that nobody changes at the moment.</summary>
    public static void Pack(MemoryBacking backing, string path)
    {
        using var snapshot = new SnapshotBacking(backing);
        using var target = new BrotliStream(File.Create(path), CompressionLevel.SmallestSize);
        for (ulong offset = 0; offset < snapshot.Length; offset += Layout.BlockSizeInBytes)
            target.Write(snapshot.Bytes(offset, Layout.BlockSizeInBytes));
    }

    public static void Pack(string source, string path)
    {
        using FileStream file = File.OpenRead(source);
        using var target = new BrotliStream(File.Create(path), CompressionLevel.SmallestSize);
        file.CopyTo(target);
    }

    /// <summary>A file beside this one, as it was when the assembly was built.</summary>
    public static Stream Resource(string name) =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"There is no resource {name}.");

    public ulong Length => (ulong)new FileInfo(Path).Length;

    /// <summary>Bytes of the file.</summary>
    public byte[] Read(ulong offset, int length)
    {
        using FileStream file = File.OpenRead(Path);
        byte[] bytes = new byte[length];
        file.Position = (long)offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    public ulong ReadWord(ulong offset) => BinaryPrimitives.ReadUInt64LittleEndian(Read(offset, sizeof(ulong)));

    public void Dispose() => File.Delete(Path);
}
