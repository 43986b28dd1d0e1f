using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Tests.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

public sealed class XattrDamageTests(ITestOutputHelper output)
{
    private static readonly string[] Names = ["user.a", "system.posix_acl_access", "user.b"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Damaged_attributes_are_noticed_or_harmless(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var arena = new InodeArena();
        InodeNumber inode = MakeInode(arena);
        int noticed = 0;
        for (int round = 0; round < 20000; round++)
        {
            Span<byte> bytes = Target(arena, inode, random);
            byte[] saved = bytes.ToArray();
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                Exercise(arena, inode);
            }
            catch (ArenaCorruptException)
            {
                noticed++;
            }
            saved.CopyTo(bytes);
        }
        output.WriteLine($"{noticed} of 20000 noticed");
        Assert.InRange(noticed, 1000, 19999);
        Assert.Equal(InodeArena.Pattern(9000, 2), arena.Get(inode, "user.b"));
    }

    [Fact]
    public void A_list_that_runs_in_a_circle_is_noticed_and_frees_nothing()
    {
        using var arena = new InodeArena();
        InodeNumber inode = MakeInode(arena);
        Span<byte> last = Bytes(arena, Find(arena, inode, "user.b"));
        BitConverter.TryWriteBytes(last, arena.Record(inode).Attributes);
        Assert.Throws<ArenaCorruptException>(() => arena.TryGet(inode, "user.z"));
        Assert.Throws<ArenaCorruptException>(() => arena.List(inode));
        Assert.Throws<ArenaCorruptException>(() => arena.FreeAttributes(inode));
        Bytes(arena, Find(arena, inode, "user.b"))[..8].Clear();
        Assert.Equal(Names, arena.List(inode));
    }

    [Fact]
    public void A_value_block_of_another_file_is_refused()
    {
        using var arena = new InodeArena();
        InodeNumber inode = MakeInode(arena);
        InodeNumber other = MakeInode(arena);
        AttributeCursor mine = Find(arena, inode, "user.b");
        Span<byte> offsets = Bytes(arena, mine)[24..160];
        byte[] saved = offsets.ToArray();
        Bytes(arena, Find(arena, other, "user.b"))[24..160].CopyTo(offsets);
        Assert.Throws<ArenaCorruptException>(() => arena.Get(inode, "user.b"));
        Assert.Throws<ArenaCorruptException>(() => arena.Remove(inode, "user.b"));
        saved.CopyTo(Bytes(arena, mine)[24..160]);
    }

    [Fact]
    public void A_malformed_stored_ACL_is_damage_to_chmod_and_to_creation()
    {
        using var arena = new InodeArena();
        InodeNumber directory = arena.MakeDirectory();
        byte[] acl = AclBytes.Parse("u::rwx,u:7:rwx,g::r-x,m::rwx,o::---");
        Assert.Equal(Errno.OK, arena.Set(directory, "system.posix_acl_access", acl));
        Assert.Equal(Errno.OK, arena.Set(directory, "system.posix_acl_default", acl));
        Damage("system.posix_acl_access");
        Damage("system.posix_acl_default");
        Assert.Throws<ArenaCorruptException>(() => arena.Change(directory, new AttributeChange { Mode = 0x1FF }));
        Assert.Throws<ArenaCorruptException>(() => arena.MakeIn(directory, ModeBits.Regular | 0x1B6, 0));

        void Damage(string name) => Bytes(arena, Find(arena, directory, name))[16 + name.Length + 4] ^= 0x7F;
    }

    private static InodeNumber MakeInode(InodeArena arena)
    {
        InodeNumber inode = arena.MakeDirectory();
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", [1, 2, 3]));
        byte[] acl = AclBytes.Parse("u::rwx,u:7:rwx,g::r-x,m::rwx,o::---");
        Assert.Equal(Errno.OK, arena.Set(inode, "system.posix_acl_access", acl));
        Assert.Equal(Errno.OK, arena.Set(inode, "user.b", InodeArena.Pattern(9000, 2)));
        return inode;
    }

    /// <summary>Everything that follows the list, without a lasting change: what a transaction did is undone.</summary>
    private static void Exercise(InodeArena arena, InodeNumber inode)
    {
        Credentials root = Credentials.Root;
        Span<byte> buffer = stackalloc byte[16384];
        foreach (string name in Names)
            _ = arena.Tree.GetXattr(arena.Worker, inode, System.Text.Encoding.UTF8.GetBytes(name), buffer, out _);
        _ = arena.Tree.ListXattr(arena.Worker, inode, in root, buffer, out _);
        ref readonly InodeRecord record = ref arena.Record(inode);
        using Transaction transaction = arena.Worker.Begin();
        Assert.True(transaction.TryReserve(8));
        bool isFound = arena.Attributes.TryFind(in record, "user.b"u8, out AttributeCursor cursor);
        arena.Attributes.Set(transaction, inode, in cursor, "user.b"u8, buffer[..5000]);
        if (isFound) _ = arena.Attributes.FreeSome(transaction, inode, in record);
    }

    /// <summary>One of the attributes' objects, or the word that leads to the first.</summary>
    private static Span<byte> Target(InodeArena arena, InodeNumber inode, Random random)
    {
        int choice = random.Next(Names.Length + 1);
        return choice == Names.Length
            ? arena.Volume.Space.Arena.TargetBytes(inode.Record + 80, sizeof(ulong))
            : Bytes(arena, Find(arena, inode, Names[choice]));
    }

    private static AttributeCursor Find(InodeArena arena, InodeNumber inode, string name)
    {
        ref readonly InodeRecord record = ref arena.Record(inode);
        Assert.True(arena.Attributes.TryFind(in record, InodeArena.Bytes(name), out AttributeCursor cursor));
        return cursor;
    }

    /// <summary>What matters of an attribute's object: header, name, and value or block offsets.</summary>
    private static Span<byte> Bytes(InodeArena arena, AttributeCursor cursor)
    {
        AttributeHeader header = cursor.Header;
        int length = header.IsIndirect == 0 ? 16 + header.NameLength + cursor.ValueLength : 24 + 17 * sizeof(ulong);
        return arena.Volume.Space.Arena.TargetBytes(cursor.Attribute, length);
    }
}
