using System.Globalization;
using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>The files of a golden arena: every kind of contents, attribute and directory.</summary>
internal static class GoldenTree
{
    /// <summary>Directories of names, by the shape that so many names give them.</summary>
    private static readonly (string Path, int Names)[] Shapes =
    [
        ("/shapes/nothing", 0), ("/shapes/leaf of 256", 3), ("/shapes/leaf of 512", 10), ("/shapes/leaf of 1024", 20),
        ("/shapes/leaf of 2048", 40), ("/shapes/leaf of 4096", 80), ("/shapes/one node", 300),
    ];

    /// <summary>Two names of one 56-bit hash under the hash seed of <see cref="GoldenMaker"/>.</summary>
    private static readonly string[] EqualHashes = ["c1b2fff45e12d6", "bf038c851d5d4a"];

    /// <summary>Names of a directory whose keys begin with the same 9 bits need a second level of nodes.</summary>
    private const int CrowdedNames = 200;
    private const int CrowdedIndex = 5;

    public static void Fill(VolumeUser user)
    {
        MakeContents(user);
        MakeTypes(user);
        MakeAttributes(user);
        MakeDirectories(user);
        MakeInterrupted(user);
    }

    /// <summary>Bytes that compress well and differ from one another.</summary>
    public static byte[] Pattern(int length)
    {
        byte[] bytes = new byte[length];
        for (int index = 0; index < length; index++) bytes[index] = (byte)(index / 256 + index % 256 + 1);
        return bytes;
    }

    private static void MakeContents(VolumeUser user)
    {
        Do(user.CreateDirectory("/contents"));
        Do(user.CreateFile("/contents/none"));
        Do(user.CreateFile("/contents/none with a size"));
        Do(user.SetSize("/contents/none with a size", 12345));
        // Each class of objects, then one block, then root nodes of 8, 64 and 512 entries.
        int[] lengths =
        [
            10, 64, 65, 150, 250, 300, 400, 500, 600, 700, 1000, 1300, 2048,
            2049, 4096, 4097, 30_000, 200_000, 1_500_000,
        ];
        foreach (int length in lengths)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"/contents/{length}");
            Do(user.CreateFile(path));
            Do(user.Write(path, 0, Pattern(length)));
        }
        for (int level = 2; level <= 6; level++)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"/contents/sparse of height {level}");
            Do(user.CreateFile(path));
            Do(user.Write(path, 5000, Pattern(100)));
            Do(user.Write(path, (1UL << Math.Min(12 + 9 * level, 63)) - 8192, Pattern(30)));
        }
        Do(user.CreateFile("/contents/frame"));
        Do(user.Allocate("/contents/frame", 0, 2 << 20, FallocateMode.Allocate));
        Do(user.Write("/contents/frame", 2_000_000, Pattern(5000)));
        Do(user.CreateFile("/contents/frame below a node"));
        Do(user.Allocate("/contents/frame below a node", 2 << 20, 2 << 20, FallocateMode.Allocate));
        Do(user.Write("/contents/frame below a node", 10, Pattern(20)));
        Do(user.CreateFile("/contents/allocated"));
        Do(user.Allocate("/contents/allocated", 0, 20_000, FallocateMode.KeepSize));
    }

    private static void MakeTypes(VolumeUser user)
    {
        Do(user.CreateDirectory("/types"));
        Do(user.CreateSymbolicLink("/types/short link", "target"));
        Do(user.CreateSymbolicLink("/types/long link", new string('t', 4000)));
        Do(user.Create("/types/character device", ModeBits.CharacterDevice | 0x1B6, 0x103, []));
        Do(user.Create("/types/block device", ModeBits.BlockDevice | 0x1B0, 0x80_0801, []));
        Do(user.Create("/types/fifo", ModeBits.Fifo | 0x1A4, 0, []));
        Do(user.Create("/types/socket", ModeBits.Socket | 0x1ED, 0, []));
        Do(user.CreateFile("/types/two names"));
        Do(user.Link("/types/two names", "/types/second name"));
        Do(user.CreateFile($"/types/{new string('n', 255)}"));
        Do(user.CreateFile("/types/name of \u00E4 byte above 127"));
    }

    private static void MakeAttributes(VolumeUser user)
    {
        Do(user.CreateDirectory("/attributes"));
        foreach (string name in (string[])["small", "many", "large", "acl", "times", "before 1970", "nodump"])
            Do(user.CreateFile($"/attributes/{name}"));
        Do(user.SetXattr("/attributes/small", "user.small", Pattern(30)));
        Do(user.SetXattr("/attributes/many", "user.empty", []));
        for (int index = 0; index < 12; index++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"trusted.number {index}");
            Do(user.SetXattr("/attributes/many", name, Pattern(1 << index)));
        }
        Do(user.SetXattr("/attributes/large", "user.large", Pattern(10_000)));
        Do(user.SetXattr("/attributes/large", "security.largest", Pattern(65_536)));
        byte[] acl = Requests.RequestCases.Acl;
        Do(user.SetXattr("/attributes/acl", "system.posix_acl_access", acl));
        Do(user.CreateDirectory("/attributes/default acl"));
        Do(user.SetXattr("/attributes/default acl", "system.posix_acl_default", acl));
        Do(user.CreateFile("/attributes/default acl/inherited", 0x1B6));
        Do(user.SetAttributes("/attributes/times", new AttributeChange
        {
            Mode = 0xDAD,
            UserId = 4_000_000_000,
            GroupId = 12,
            AccessTime = TimeChange.At(1_000_000_000, 1),
            ModificationTime = TimeChange.At(2_000_000_000, 999_999_999),
        }));
        Do(user.SetAttributes("/attributes/before 1970", new AttributeChange
        {
            AccessTime = TimeChange.At(-1, 500_000_000),
            ModificationTime = TimeChange.At(-1_000_000_000, 0),
        }));
        Do(user.Find("/attributes/nodump", out InodeNumber inode));
        Do(user.Tree.SetFlags(user.Worker, inode, 0xC0));
    }

    private static void MakeDirectories(VolumeUser user)
    {
        Do(user.CreateDirectory("/shapes"));
        Do(user.CreateFile("/shapes/file"));
        foreach ((string path, int names) in Shapes) MakeNames(user, path, NumberedNames().Take(names));
        MakeNames(user, "/shapes/two levels of nodes", CrowdedNamesOf(user.Volume).Take(CrowdedNames));
        MakeNames(user, "/shapes/one hash", EqualHashes);
        // A leaf with freed slots and a gap in its heap.
        MakeNames(user, "/shapes/gaps", NumberedNames().Take(20));
        foreach (string name in NumberedNames().Take(20).Where((_, index) => index % 3 == 1))
            Do(user.Unlink($"/shapes/gaps/{name}"));
    }

    /// <summary>What the requests of <see cref="GoldenMaker"/> work on.</summary>
    private static void MakeInterrupted(VolumeUser user)
    {
        Do(user.CreateDirectory("/requests"));
        Do(user.CreateDirectory("/requests/listed"));
        for (int index = 0; index < 5; index++)
            Do(user.CreateFile(string.Create(CultureInfo.InvariantCulture, $"/requests/listed/file {index}")));
        Do(user.CreateDirectory("/requests/a"));
        Do(user.CreateDirectory("/requests/b"));
        Do(user.CreateDirectory("/requests/c"));
        Do(user.CreateFile("/requests/b/unlinked"));
        Do(user.Write("/requests/b/unlinked", 0, Pattern(100_000)));
        Do(user.CreateFile("/requests/c/cut"));
        // Every other block, so that no frame holds them; more than one transaction frees.
        for (ulong block = 0; block < 4500; block++) Do(user.Write("/requests/c/cut", block * 8192, [(byte)block]));
        Do(user.Allocate("/requests/c/cut", 40 << 20, 2 << 20, FallocateMode.Allocate));
        Do(user.CreateFile("/requests/orphan"));
        Do(user.Write("/requests/orphan", 0, Pattern(5000)));
        _ = user.Hold("/requests/orphan");
        Do(user.Unlink("/requests/orphan"));
        Do(user.CreateUnnamed("/requests", out _));
    }

    /// <summary>Names of one file, so that they take no inodes.</summary>
    private static void MakeNames(VolumeUser user, string directory, IEnumerable<string> names)
    {
        Do(user.CreateDirectory(directory));
        foreach (string name in names) Do(user.Link("/shapes/file", $"{directory}/{name}"));
    }

    private static IEnumerable<string> NumberedNames() =>
        Enumerable.Range(0, int.MaxValue).Select(index => string.Create(CultureInfo.InvariantCulture, $"name {index}"));

    private static IEnumerable<string> CrowdedNamesOf(Volume volume)
    {
        ulong low = volume.Superblock.HashSeedLow;
        ulong high = volume.Superblock.HashSeedHigh;
        return NumberedNames().Where(
            name => DirectoryKey.OfName(low, high, Encoding.ASCII.GetBytes(name)).IndexAt(0) == CrowdedIndex);
    }

    internal static void Do(Errno error) => Assert.Equal(Errno.OK, error);
}
