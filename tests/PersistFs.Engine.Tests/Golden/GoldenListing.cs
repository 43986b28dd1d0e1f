using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using static PersistFs.Engine.Tests.Golden.GoldenTree;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>All that a tree's users can see, a line for each name, read as they read it.</summary>
internal sealed class GoldenListing
{
    private const uint ReadLength = 1 << 20;

    private readonly Volume volume;
    private readonly Worker worker;
    private readonly List<string> lines = [];
    private readonly HashSet<InodeNumber> seen = [];

    private GoldenListing(Volume volume, Worker worker)
    {
        this.volume = volume;
        this.worker = worker;
    }

    public static IReadOnlyList<string> Read(Volume volume, Worker worker)
    {
        var listing = new GoldenListing(volume, worker);
        volume.DefaultTree.AccessTimes = AccessTimePolicy.Never;
        listing.Add("/", volume.DefaultTree.Root);
        return listing.lines;
    }

    private void Add(string path, InodeNumber inode)
    {
        if (!seen.Add(inode))
        {
            lines.Add($"{path}: inode {inode} again");
            return;
        }
        Do(volume.DefaultTree.GetAttributes(worker, inode, out InodeAttributes file));
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{path}: inode {inode}, mode 0{Convert.ToString(file.Mode, 8)}, links {file.LinkCount}, owner "
                + $"{file.UserId}:{file.GroupId}, size {file.Size}, blocks {file.Blocks}, generation "
                + $"{file.Generation}, flags {file.Flags:x}, device {file.DeviceNumber:x}, times "
                + $"{file.AccessTime} {file.ModificationTime} {file.ChangeTime} {file.BirthTime}, contents "
                + $"{Contents(inode, in file)}{Attributes(inode)}"));
        if (ModeBits.IsDirectory(file.Mode)) AddBelow(path == "/" ? "" : path, inode);
    }

    /// <summary>Names in the order in which the directory lists them; each must be found by a lookup too.</summary>
    private void AddBelow(string path, InodeNumber directory)
    {
        var entries = new List<(byte[] Name, InodeNumber Inode)>();
        Do(volume.DefaultTree.ReadDirectory(worker, directory, 0, out DirectoryReader reader));
        using (reader)
        {
            while (reader.MoveNext())
            {
                if (!reader.IsDot) entries.Add((reader.Name.ToArray(), reader.Inode));
            }
        }
        foreach ((byte[] bytes, InodeNumber inode) in entries)
        {
            Do(FileName.TryCreate(bytes, out FileName name));
            Do(volume.DefaultTree.Lookup(worker, directory, name, out InodeAttributes found));
            volume.DefaultTree.Forget(worker, found.Inode, 1);
            Assert.Equal(inode, found.Inode);
            Add($"{path}/{Encoding.Latin1.GetString(bytes)}", inode);
        }
    }

    private string Contents(InodeNumber inode, in InodeAttributes file)
    {
        if ((file.Mode & ModeBits.TypeMask) == ModeBits.SymbolicLink)
        {
            byte[] target = new byte[Layout.BlockSizeInBytes];
            Do(volume.DefaultTree.ReadLink(worker, inode, target, out int length));
            return Hash(target.AsSpan(0, length));
        }
        return (file.Mode & ModeBits.TypeMask) == ModeBits.Regular ? HashOf(inode, file.Size) : "-";
    }

    /// <summary>Hash of all parts with data and where they are; of whole parts in blocks, as holes are.</summary>
    private string HashOf(InodeNumber inode, ulong size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var segments = new IoVector[Tree.SegmentsMax(ReadLength)];
        ulong end = 0;
        while (end < size && volume.DefaultTree.Seek(worker, inode, end, SeekTarget.Data, out ulong start) == Errno.OK)
        {
            Do(volume.DefaultTree.Seek(worker, inode, start, SeekTarget.Hole, out end));
            hash.AppendData(BitConverter.GetBytes(start));
            for (ulong offset = start; offset < end;)
            {
                uint wanted = (uint)Math.Min(ReadLength, end - offset);
                Do(volume.DefaultTree.Read(worker, inode, offset, wanted, segments, out int count, out uint read));
                foreach (IoVector segment in segments.AsSpan(0, count)) hash.AppendData(segment.AsSpan());
                volume.DefaultTree.EndRead(worker);
                Assert.Equal(wanted, read);
                offset += read;
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    private string Attributes(InodeNumber inode)
    {
        var text = new StringBuilder();
        byte[] names = new byte[65_536];
        Do(volume.DefaultTree.ListXattr(worker, inode, Credentials.Root, names, out int length));
        foreach (string name in Encoding.ASCII.GetString(names, 0, length).Split('\0').Order(StringComparer.Ordinal))
        {
            if (name.Length == 0) continue;
            byte[] value = new byte[65_536];
            Do(volume.DefaultTree.GetXattr(worker, inode, Encoding.ASCII.GetBytes(name), value, out int valueLength));
            text.Append(CultureInfo.InvariantCulture, $", {name} {valueLength} {Hash(value.AsSpan(0, valueLength))}");
        }
        return text.ToString();
    }

    private static string Hash(ReadOnlySpan<byte> bytes) =>
        Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
}
