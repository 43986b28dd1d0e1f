using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>
/// What a dead server is said to have left, and cannot have: a successor answers with errors at worst.
/// </summary>
public sealed class ResumedDamageTests : IDisposable
{
    private const ulong Number = 7;

    private readonly ulong seed;
    private readonly ITestOutputHelper output;
    private readonly MemoryArena arena;
    private readonly ServerChain servers;

    public ResumedDamageTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
        arena = new MemoryArena(seed);
        for (int index = 0; index < 5; index++) Assert.Equal(Errno.OK, arena.User.CreateFile($"/{index}"));
        servers = new ServerChain(arena);
    }

    public void Dispose()
    {
        servers.Dispose();
        arena.Dispose();
    }

    [Theory]
    [InlineData(24, 0xC1UL)] // More inodes than there is room for.
    [InlineData(24, 0xFFFF_FFFF_0000_0005UL)] // More bytes.
    [InlineData(32, 6UL)] // More counted than listed.
    [InlineData(32, ulong.MaxValue)]
    [InlineData(16, 0UL)] // Of no request.
    public void A_listing_that_cannot_be_makes_the_volume_read_only(ulong offset, ulong word)
    {
        List();
        servers.Die(volume => Damage(volume, ReplyCache.ListingAt(Frame(volume), 0) + offset, word));
        Assert.Equal(VolumeState.ReadOnly, servers.Volume.State);
        Assert.NotNull(servers.Volume.Damage);
        Worker worker = servers.Take(0, Number);
        Assert.Equal(Errno.OK, servers.Tree.LookupSelf(worker, servers.Tree.Root, out _));
        Assert.Equal(Errno.EROFS, servers.Tree.RemoveXattr(worker, servers.Tree.Root, "user.one"u8));
        servers.Tree.EndRequest(worker);
        servers.EndReplay();
    }

    [Fact]
    public void A_listing_whose_inodes_cannot_be_is_taken_back_without_touching_them()
    {
        List();
        servers.Die(volume =>
        {
            ArenaPointer listing = ReplyCache.ListingAt(Frame(volume), 0);
            Damage(volume, listing + 64, ulong.MaxValue);
            Damage(volume, listing + 72, 1);
            Damage(volume, listing + 80, 0);
            Damage(volume, listing + 32, 4);
        });
        Assert.Equal(VolumeState.Serving, servers.Volume.State);
        Assert.False(servers.Tree.TryRecallListing(Number, out _));
        Assert.True(VolumeChecker.Check(servers.Volume).IsClean);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL)]
    [InlineData(1UL << 40)]
    public void A_record_of_an_inode_that_does_not_exist_is_damage(ulong inode)
    {
        Record();
        servers.Die(volume => Damage(volume, ReplyCache.RecordAt(Frame(volume), 0) + 24, inode));
        Assert.Throws<ArenaCorruptException>(() => servers.Tree.TryRecall(Number, out _));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(3UL)]
    [InlineData(ulong.MaxValue)]
    public void A_record_in_no_known_state_answers_nothing(ulong state)
    {
        Record();
        servers.Die(volume => Damage(volume, ReplyCache.RecordAt(Frame(volume), 0), state));
        Assert.False(servers.Tree.TryRecall(Number, out _));
        Record();
    }

    [Fact]
    public void Two_records_of_one_request_are_damage()
    {
        Record();
        servers.Die(volume =>
        {
            Span<byte> records = volume.Space.Arena.TargetBytes(
                ReplyCache.RecordAt(Frame(volume), 0), 2 * CompletionRecord.SizeInBytes);
            records[..CompletionRecord.SizeInBytes].CopyTo(records[CompletionRecord.SizeInBytes..]);
        });
        Assert.Equal(VolumeState.ReadOnly, servers.Volume.State);
    }

    [Fact]
    public void A_worker_whose_records_are_all_taken_says_so_and_nothing_is_changed()
    {
        Record();
        servers.Die(volume =>
        {
            for (int index = 0; index < WorkerHeader.CompletionCount; index++)
            {
                ArenaPointer record = ReplyCache.RecordAt(Frame(volume), index);
                Damage(volume, record, 2);
                Damage(volume, record + 8, volume.DefaultTree.Session);
                Damage(volume, record + 16, (ulong)index + 1000);
            }
        });
        Worker worker = servers.Take(0, Number);
        LookupImage before = Lookups();
        Assert.Throws<ArenaCorruptException>(() => servers.Tree.LookupSelf(worker, servers.Tree.Root, out _));
        Assert.Null(Lookups().FindDifference(before));
        servers.Tree.EndRequest(worker);
        servers.EndReplay();
        Record();
    }

    [Fact]
    public void Where_all_listing_records_are_taken_nothing_is_counted()
    {
        for (ulong number = 1; number <= WorkerHeader.ListingCount; number++)
        {
            List(number);
            servers.Die();
        }
        LookupImage before = Lookups();
        Worker worker = servers.Take(0, Number);
        Assert.False(TryList(worker));
        servers.Tree.EndRequest(worker);
        Assert.Null(Lookups().FindDifference(before));
        for (ulong number = 1; number <= WorkerHeader.ListingCount; number++)
            Assert.True(servers.Tree.TryRecallListing(number, out _));
        servers.EndReplay();
        RecordReader.RequireNone(servers.Volume);
        List();
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL << 24)]
    [InlineData(ulong.MaxValue)]
    public void A_session_that_cannot_be_makes_the_volume_read_only(ulong session)
    {
        Record();
        servers.Die(volume => Damage(volume, new ArenaPointer(Layout.InstanceTableOffset + 48), session));
        Assert.Equal(VolumeState.ReadOnly, servers.Volume.State);
        servers.Tree.BeginSession();
        Assert.False(servers.Tree.TryRecall(Number, out _));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(100UL)]
    public void A_forget_that_is_said_to_be_done_further_than_it_goes_does_nothing(ulong done)
    {
        Worker worker = servers.Take(0, 1);
        servers.Tree.EndRequest(worker);
        _ = servers.Tree.BeginForget(worker, Number);
        servers.Die(volume => Damage(volume, Frame(volume) + WorkerHeader.ForgottenOffset, done));
        Assert.True(servers.Tree.BeginForget(servers.Take(0, 1), Number) >= 100);
    }

    [Fact]
    public void Whatever_a_dead_server_is_said_to_have_left_a_successor_serves_or_refuses()
    {
        var random = new SeededRandom(seed);
        int readOnly = 0;
        for (int round = 0; round < (Seed.IsLongRun ? 5000 : 60); round++)
        {
            using var chain = new ServerChain(arena);
            Leave(chain, round);
            chain.Die(volume => DamageFrame(volume, random));
            if (chain.Volume.State == VolumeState.ReadOnly) readOnly++;
            Use(chain);
        }
        output.WriteLine($"{readOnly} volumes were read-only");
    }

    private static void Leave(ServerChain chain, int round)
    {
        Worker worker = chain.Take(0, Number);
        if (round % 2 == 0) Assert.Equal(Errno.OK, chain.Tree.LookupSelf(worker, chain.Tree.Root, out _));
        else Assert.True(TryList(chain.Volume, worker));
        chain.Take(1, Number + 1);
    }

    private static void DamageFrame(Volume volume, SeededRandom random)
    {
        Arena memory = volume.Space.Arena;
        ArenaPointer frame = Frame(volume);
        ArenaPointer[] places =
        [
            frame + 16, frame + 0x40, ReplyCache.RecordAt(frame, 0), ReplyCache.ListingAt(frame, 0),
            frame + WorkerHeader.RequestBufferOffset,
        ];
        for (int count = 1 + random.Next(4); count > 0; count--)
        {
            ArenaPointer word = random.Pick(places) + (ulong)(random.Next(12) * sizeof(ulong));
            ulong value = random.Next(4) switch
            {
                0 => random.NextWord(),
                1 => (ulong)random.Next(10),
                2 => memory.At<ulong>(word) ^ 1UL << random.Next(64),
                _ => ulong.MaxValue,
            };
            Damage(volume, word, value);
        }
    }

    private static void Use(ServerChain chain)
    {
        Worker worker = chain.Take(0, Number + 2);
        try
        {
            IReadOnlyList<Worker> others = chain.Volume.AttachWorkersInHand();
            foreach (Worker other in others) _ = chain.Tree.BeginForget(other, Number);
            _ = chain.Tree.TryRecall(Number, out _);
            _ = chain.Tree.TryRecallListing(Number, out _);
            _ = chain.Tree.IsGivenUp(Number + 1);
            chain.Tree.ForgetCompletion(Number);
            chain.EndReplay();
            _ = chain.Tree.Lookup(worker, chain.Tree.Root, NameOf("1"), out _);
            _ = TryList(chain.Volume, worker);
            chain.Tree.EndRequest(worker);
            _ = VolumeChecker.Check(chain.Volume);
        }
        catch (ArenaCorruptException)
        {
            // An error in words is what damage should give.
        }
    }

    private static FileName NameOf(string text)
    {
        _ = FileName.TryCreate(System.Text.Encoding.ASCII.GetBytes(text), out FileName name);
        return name;
    }

    private LookupImage Lookups() => LookupImage.Read(servers.Volume, TreeReader.Read(servers.Volume));

    /// <summary>A request is executed, and not answered.</summary>
    private void Record()
    {
        Worker worker = servers.Take(0, Number);
        Assert.Equal(Errno.OK, servers.Tree.LookupSelf(worker, servers.Tree.Root, out _));
    }

    private void List(ulong number = Number) => Assert.True(TryList(servers.Take(0, number)));

    private bool TryList(Worker worker) => TryList(servers.Volume, worker);

    private static bool TryList(Volume volume, Worker worker)
    {
        Assert.Equal(Errno.OK, volume.DefaultTree.ReadDirectory(worker, volume.DefaultTree.Root, 0,
            out DirectoryReader reader));
        using (reader)
        {
            while (reader.MoveNext())
            {
                if (!reader.IsDot) _ = reader.NameInode();
            }
            return volume.DefaultTree.TryCountListing(worker, "what the kernel is told"u8);
        }
    }

    private static ArenaPointer Frame(Volume volume) => RecordReader.Frames(volume).First();

    private static void Damage(Volume volume, ArenaPointer word, ulong value) =>
        Store.Word(ref volume.Space.Arena.Target<ulong>(word), value);
}
