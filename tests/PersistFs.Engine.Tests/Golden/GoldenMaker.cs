using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Image;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Tests.Requests;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using static PersistFs.Engine.Tests.Golden.GoldenTree;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>Makes a golden arena: what three servers of one session leave, the last killed with work in hand.</summary>
/// <remarks>
/// Not a test: README.md beside it says when to run it. The tests of an arena rely on the numbers here.
/// </remarks>
internal sealed class GoldenMaker : IDisposable
{
    /// <summary>First argument of the test assembly, run as a program.</summary>
    public const string Command = "make-golden-arena";

    private const ulong SeedOfNames = 1;
    private const ulong SizeInBytes = 64UL << 20;

    private readonly MemoryArena arena = new(SeedOfNames, SizeInBytes);
    private readonly ServerChain servers;

    private GoldenMaker()
    {
        Fill(arena.User);
        servers = new ServerChain(arena);
    }

    private Volume Volume => servers.Volume;

    private Tree Tree => Volume.DefaultTree;

    private IEnumerable<FrameWord> Frames => Enumerable.Range(0, (int)Volume.Space.Table.FrameCount)
        .Select(frame => Volume.Space.Table.WordOf((uint)frame));

    /// <summary>
    /// Writes an arena, what is in it once it is opened, and an image of it then; <paramref name="path"/> is how
    /// their names begin.
    /// </summary>
    public static int Run(string path)
    {
        using (var maker = new GoldenMaker())
        {
            maker.Serve();
            maker.BeKilled(path + GoldenFile.ArenaSuffix);
        }
        using GoldenFile golden = GoldenFile.Unpack(File.OpenRead(path + GoldenFile.ArenaSuffix));
        using Volume volume = Volume.Open(golden.Path, new VolumeOptions());
        File.WriteAllLines(path + GoldenFile.ListingSuffix, GoldenListing.Read(volume, volume.AttachWorker()));
        string image = golden.Path + ".image";
        Save(volume, image);
        GoldenFile.Pack(image, path + GoldenFile.ImageSuffix);
        File.Delete(image);
        return 0;
    }

    public void Dispose()
    {
        servers.Dispose();
        arena.Dispose();
    }

    /// <summary>The first server and the second: both crash or are killed.</summary>
    private void Serve()
    {
        byte[] terms = [.. Enumerable.Range(1, Tree.SessionTermsLength).Select(value => (byte)value)];
        Tree.StoreTerms(terms);
        Tree.StoreConnection(new Guid("00112233-4455-6677-8899-aabbccddeeff"), 77);
        Volume.StoreMountRecord("""{"mountPoint":"/mnt/golden","settings":{}}"""u8);
        List();
        Do(Tree.LookupSelf(servers.Take(1, GoldenRequests.Looked), Tree.Root, out _));
        servers.Take(2, GoldenRequests.Quarantined);
        servers.Die();
        servers.Take(2, GoldenRequests.Quarantined);
        servers.Die(isKill: true);
    }

    /// <summary>The third server is killed while it does several things; what it leaves is written.</summary>
    private void BeKilled(string path)
    {
        Assert.Null(Volume.Damage);
        var user = new VolumeUser(Volume, servers.Take(0, 0));
        Do(user.Find("/requests/a", out InodeNumber first));
        Do(user.Find("/requests/b", out InodeNumber second));
        Do(user.Find("/requests/c/cut", out InodeNumber cut));
        InodeNumber[] held = [user.Hold("/contents/10"), user.Hold("/contents/64")];
        Forget(servers.Take(1, GoldenRequests.Forgetting), held);
        Worker making = servers.Take(2, GoldenRequests.RolledBack);
        Worker removing = servers.Take(3, GoldenRequests.Committed);
        Worker cutting = servers.Take(4, GoldenRequests.Cutting);
        using var open = new StoppedThread(() => Make(making, first), () => IsBeforeCommit(making));
        using var committed = new StoppedThread(
            () => Do(Tree.Unlink(removing, second, Name("unlinked"))), () => removing.Journal.FreeCount > 0
                && removing.Journal.UndoCount == 0);
        using var freeing = new StoppedThread(
            () => Do(Tree.SetSize(cutting, cut, 0)), () => cutting.Journal.UndoCount == 0
                && cutting.Journal.FreeCount is > 0 and < 2000);
        using var growing = new StoppedThread(
            () => Do(Volume.Space.Allocator.Supply.TryGrow()),
            () => Frames.Any(word => word.State == FrameState.Growing));
        GoldenFile.Pack(servers.Backing, path);
    }

    private static void Save(Volume volume, string path)
    {
        using ImageTarget target = ImageTarget.Open(path, volume.GetStatistics().Uuid, force: false);
        _ = VolumeImage.SaveIdle(volume, target);
        target.Publish();
    }

    private void Make(Worker worker, InodeNumber directory)
    {
        var node = new NewNode { Mode = Linux.ModeBits.Directory | 0x1ED, UserId = 1, GroupId = 2 };
        Do(Tree.Create(worker, directory, Name("rolled back"), in node, default, out _));
    }

    /// <summary>Whether all of a transaction is done but its commit, the record of the request included.</summary>
    private bool IsBeforeCommit(Worker worker) => worker.Journal.UndoCount > 0 && Enumerable
        .Range(0, WorkerHeader.CompletionCount)
        .Any(index => IsTied(ReplyCache.RecordAt(worker.Journal.Start, index)));

    private bool IsTied(ArenaPointer record) =>
        new CompletionState(Volume.Space.Arena.At<CompletionRecord>(record).State).IsTied;

    /// <summary>One of two inodes that a request lets go of is done.</summary>
    private void Forget(Worker worker, InodeNumber[] held)
    {
        ForgetRequest.Arrive(worker);
        Assert.Equal(0, Tree.BeginForget(worker, GoldenRequests.Forgetting));
        Tree.Forget(worker, held[0], 1, isStep: true);
    }

    private void List()
    {
        // The way there is no part of the request.
        Do(new VolumeUser(Volume, servers.Take(0, 0)).Find("/requests/listed", out InodeNumber directory));
        Worker worker = servers.Take(0, GoldenRequests.Listed);
        Do(Tree.ReadDirectory(worker, directory, 0, out DirectoryReader reader));
        using (reader)
        {
            while (reader.MoveNext())
            {
                if (!reader.IsDot) _ = reader.NameInode();
            }
            Assert.True(Tree.TryCountListing(worker, Encoding.ASCII.GetBytes(GoldenRequests.ListingReply)));
        }
    }

    private static Linux.FileName Name(string text)
    {
        Do(Linux.FileName.TryCreate(Encoding.ASCII.GetBytes(text), out Linux.FileName name));
        return name;
    }
}
