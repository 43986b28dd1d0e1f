using System.Buffers.Binary;
using System.Reflection;
using System.Text;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Image;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using static PersistFs.Engine.Tests.Golden.GoldenTree;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>
/// Arenas that earlier programs have left open, with their last server killed at work, are opened by this one.
/// </summary>
public sealed class GoldenTests
{
    /// <summary>One for each version of the format.</summary>
    public static TheoryData<string> Names => new(NamesOfArenas);

    private static IEnumerable<string> NamesOfArenas => Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.EndsWith(GoldenFile.ArenaSuffix, StringComparison.Ordinal))
        .Select(name => name[..^GoldenFile.ArenaSuffix.Length]);

    [Fact]
    public void Each_version_of_the_format_has_a_golden_arena() =>
        Assert.Equal(
            Enumerable.Range(1, (int)Layout.Version).Select(version => $"version-{version}"),
            NamesOfArenas.Select(name => name[..name.LastIndexOf('-')]).Order().Distinct());

    [Fact]
    public void The_arena_of_version_1_has_the_bytes_that_the_format_promises()
    {
        using GoldenFile golden = GoldenFile.Unpack("version-1-fe05efa" + GoldenFile.ArenaSuffix);
        RequireText(golden, 0, "PERSISTF");
        RequireText(golden, 0xA018, """{"mountPoint":"/mnt/golden","settings":{}}""");
        RequireText(golden, 0x268800, GoldenRequests.ListingReply);
        RequireBytes(golden, Version1Bytes.Arena);
        Assert.Equal(golden.Read(0, 4096), golden.Read(0xFF000, 4096));
    }

    [Fact]
    public void The_image_of_version_1_has_the_bytes_that_the_format_promises()
    {
        using GoldenFile golden = GoldenFile.Unpack("version-1-fe05efa" + GoldenFile.ImageSuffix);
        RequireText(golden, 0, "PERSISTI");
        RequireBytes(golden, Version1Bytes.Image);
        Assert.Equal(golden.Read(0, 4096), golden.Read(golden.Length - 4096, 4096));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Opening_undoes_what_was_open_and_finishes_what_had_committed(string name)
    {
        using GoldenFile golden = GoldenFile.Unpack(name + GoldenFile.ArenaSuffix);
        ulong opened = Math.Max(golden.ReadWord(0x1018), golden.ReadWord(0x2018));
        using Volume volume = Volume.Open(golden.Path, new VolumeOptions());
        Assert.Equal(1, volume.LastRecovery.RolledBack);
        Assert.Equal(2, volume.LastRecovery.Completed);
        Assert.Equal(opened + 1, volume.GetStatistics().TimesOpened);
        RequireClean(volume);
        Assert.Equal(new GoldenCoverage(volume).Shapes, GoldenCoverage.All);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_file_is_as_it_was(string name)
    {
        using GoldenFile golden = GoldenFile.Unpack(name + GoldenFile.ArenaSuffix);
        using Volume volume = Volume.Open(golden.Path, new VolumeOptions());
        Worker worker = volume.AttachWorker();
        Assert.Equal(ListingOf(name), GoldenListing.Read(volume, worker));
        volume.DefaultTree.BeginSession();
        volume.ReapOrphans(worker, CancellationToken.None);
        for (int list = 0; list < Layout.PendingListCount; list++)
            Assert.Equal(0UL, volume.Space.Arena.At<ulong>(
                new ArenaPointer(Layout.PendingListsOffset + (ulong)(list * Layout.PendingListStrideInBytes))));
        RequireClean(volume);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_server_that_takes_over_finds_the_session_and_its_requests(string name)
    {
        using GoldenFile golden = GoldenFile.Unpack(name + GoldenFile.ArenaSuffix);
        using Volume volume = Volume.Open(golden.Path, new VolumeOptions());
        volume.DefaultTree.ResumeSession();
        Assert.Null(volume.Damage);
        SessionState session = volume.DefaultTree.ReadSession();
        Assert.Equal((1U, 4UL, 77UL), (session.Session, session.TakeOvers, session.Connection));
        Assert.Equal(new Guid("00112233-4455-6677-8899-aabbccddeeff"), session.BootId);
        byte[] terms = new byte[Tree.SessionTermsLength];
        Assert.True(volume.DefaultTree.TryReadTerms(terms));
        Assert.Equal(Enumerable.Range(1, terms.Length), terms.Select(value => (int)value));
        byte[] manifest = golden.Read(Layout.ManifestOffset, Layout.ManifestSizeInBytes);
        byte[] mount = Assert.IsType<byte[]>(Manifest.Find(manifest, ManifestEntry.TypeMount));
        Assert.Equal("""{"mountPoint":"/mnt/golden","settings":{}}""", Encoding.ASCII.GetString(mount));
        RequireRequests(volume);
        RequireClean(volume);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_image_is_restored_to_the_same_files(string name)
    {
        using GoldenFile golden = GoldenFile.Unpack(name + GoldenFile.ImageSuffix);
        string restored = golden.Path + ".restored";
        try
        {
            VolumeImage.Restore(golden.Path, restored, force: false);
            using Volume volume = Volume.Open(restored, new VolumeOptions());
            Assert.Equal((0, 0), (volume.LastRecovery.RolledBack, volume.LastRecovery.Completed));
            RequireClean(volume);
            Assert.Equal(ListingOf(name), GoldenListing.Read(volume, volume.AttachWorker()));
        }
        finally
        {
            File.Delete(restored);
        }
    }

    /// <summary>What each request has left, and the one that forgets goes on where it was.</summary>
    private static void RequireRequests(Volume volume)
    {
        Assert.True(volume.DefaultTree.TryRecall(GoldenRequests.Looked, out InodeAttributes found));
        Assert.Equal(volume.DefaultTree.Root, found.Inode);
        Assert.True(volume.DefaultTree.TryRecall(GoldenRequests.Committed, out found));
        Assert.Equal(InodeNumber.None, found.Inode);
        Assert.True(volume.DefaultTree.TryRecallListing(GoldenRequests.Listed, out ReadOnlySpan<byte> reply));
        Assert.Equal(GoldenRequests.ListingReply, Encoding.ASCII.GetString(reply));
        foreach (ulong request in (ulong[])[GoldenRequests.Quarantined, GoldenRequests.RolledBack,
            GoldenRequests.Cutting, GoldenRequests.Forgetting])
        {
            Assert.False(volume.DefaultTree.TryRecall(request, out _));
            Assert.False(volume.DefaultTree.IsGivenUp(request));
        }
        Assert.Equal(new CrashCounts(1, 1), volume.DefaultTree.DeathsOf(GoldenRequests.Quarantined));
        Assert.Equal(new CrashCounts(1, 0), volume.DefaultTree.DeathsOf(GoldenRequests.RolledBack));
        Worker left = Assert.Single(volume.AttachWorkersInHand());
        Assert.Equal(1, volume.DefaultTree.BeginForget(left, GoldenRequests.Forgetting));
        volume.DetachWorker(left);
    }

    private static void RequireClean(Volume volume)
    {
        CheckReport report = VolumeChecker.Check(volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }

    private static void RequireText(GoldenFile golden, ulong offset, string text) =>
        Assert.Equal(text, Encoding.ASCII.GetString(golden.Read(offset, text.Length)));

    private static void RequireBytes(GoldenFile golden, IEnumerable<GoldenBytes> promised)
    {
        var differences = new List<string>();
        foreach (GoldenBytes bytes in promised)
        {
            byte[] word = new byte[sizeof(ulong)];
            golden.Read(bytes.Offset, bytes.Size).CopyTo(word, 0);
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(word);
            if (value != bytes.Value)
                differences.Add($"{bytes.What} at 0x{bytes.Offset:x}: 0x{value:x}, not 0x{bytes.Value:x}");
        }
        Assert.Empty(differences);
    }

    private static string[] ListingOf(string name)
    {
        using var reader = new StreamReader(GoldenFile.Resource(name + GoldenFile.ListingSuffix));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
