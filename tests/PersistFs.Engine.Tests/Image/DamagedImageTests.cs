using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Image;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Image;

/// <summary>Images that are not what was saved, and places that are not free: refused, with all as it was.</summary>
public sealed class DamagedImageTests : IDisposable
{
    private readonly ulong seed;
    private readonly ImageScene scene = new(FormatOptions.SizeMin);

    public DamagedImageTests(ITestOutputHelper output) => seed = Seed.Choose(output);

    private static int Mutations => Seed.IsLongRun ? 100_000 : 3000;

    [Fact]
    public void A_flipped_bit_is_found_wherever_it_is()
    {
        byte[] good = SaveSome();
        var sealer = new ImageSealer(good);
        var random = new SeededRandom(seed);
        string before = RestoreAndKeep();
        List<int> places = [0, 8, 16, 1000, 4090, .. Enumerable.Range(0, 300).Select(_ => random.Next(good.Length))];
        int index = (int)sealer.Header.IndexOffset;
        places.AddRange([index, index + 10, index + 40, good.Length - 4096, good.Length - 1]);
        foreach (int place in places)
        {
            byte[] damaged = [.. good];
            damaged[place] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(scene.Image, damaged);
            ArenaException refusal = Assert.Throws<ArenaException>(() => scene.Restore(force: true));
            Assert.True(
                refusal.Fault is ArenaFault.ImageDamaged or ArenaFault.NotAnImage, $"{place}: {refusal.Message}");
            Assert.Contains(scene.Image, refusal.Message, StringComparison.Ordinal);
        }
        RequireKept(before);
    }

    [Fact]
    public void An_image_that_is_cut_off_is_refused_whatever_is_missing()
    {
        byte[] good = SaveSome();
        string before = RestoreAndKeep();
        foreach (int length in new[] { 1, 4095, 4096, 5000, good.Length / 2, good.Length - 4096, good.Length - 1 })
        {
            File.WriteAllBytes(scene.Image, good.AsSpan(0, length).ToArray());
            ArenaException refusal = Assert.Throws<ArenaException>(() => scene.Restore(force: true));
            Assert.Equal(length < 4096 ? ArenaFault.NotAnImage : ArenaFault.ImageDamaged, refusal.Fault);
        }
        RequireKept(before);
    }

    [Fact]
    public void An_image_of_a_newer_format_is_refused_as_such()
    {
        var sealer = new ImageSealer(SaveSome());
        sealer.Header.Version = 2;
        sealer.Seal();
        File.WriteAllBytes(scene.Image, sealer.Bytes);
        Assert.Equal(ArenaFault.UnsupportedFormat, Assert.Throws<ArenaException>(() => scene.Restore()).Fault);
        sealer.Header.Version = 1;
        sealer.Header.FeaturesIncompatible = 1;
        sealer.Seal();
        File.WriteAllBytes(scene.Image, sealer.Bytes);
        Assert.Equal(ArenaFault.UnsupportedFormat, Assert.Throws<ArenaException>(() => scene.Restore()).Fault);
        Assert.False(File.Exists(scene.Restored));
    }

    [Fact]
    public void An_arena_in_use_is_not_restored_over_even_with_force()
    {
        SaveSome();
        scene.Restore();
        using Volume serving = Volume.Open(scene.Restored, new VolumeOptions());
        Assert.Equal(ArenaFault.InUse, Assert.Throws<ArenaException>(() => scene.Restore(force: true)).Fault);
        Assert.True(VolumeChecker.Check(serving).IsClean);
        Assert.Empty(scene.Leftovers());
    }

    [Fact]
    public void An_arena_that_is_there_is_replaced_with_force_only_and_an_empty_file_always()
    {
        SaveSome();
        string before = RestoreAndKeep();
        Assert.Equal(ArenaFault.AlreadyFormatted, Assert.Throws<ArenaException>(() => scene.Restore()).Fault);
        RequireKept(before);
        scene.Restore(force: true);
        scene.ReadRestored();
        File.WriteAllBytes(scene.Restored, []);
        scene.Restore();
        scene.ReadRestored();
    }

    [Fact]
    public void An_image_replaces_nothing_but_an_image_of_its_arena()
    {
        File.WriteAllText(scene.Image, "a letter");
        Assert.Equal(ArenaFault.AlreadyFormatted, Assert.Throws<ArenaException>(() => scene.Save()).Fault);
        Assert.Equal("a letter", File.ReadAllText(scene.Image));
        scene.Save(force: true);
        byte[] first = File.ReadAllBytes(scene.Image);
        using var other = new TestArena(FormatOptions.SizeMin);
        ArenaException refusal = Assert.Throws<ArenaException>(
            () => ImageTarget.Open(scene.Image, other.Volume.GetStatistics().Uuid, force: false));
        Assert.Equal(ArenaFault.AlreadyFormatted, refusal.Fault);
        Assert.Equal(first, File.ReadAllBytes(scene.Image));
        Assert.Empty(scene.Leftovers());
    }

    [Fact]
    public void Two_saves_do_not_write_to_one_file()
    {
        using ImageTarget first = ImageTarget.Open(scene.Image, scene.Uuid, force: false);
        Assert.Equal(
            ArenaFault.InUse,
            Assert.Throws<ArenaException>(() => ImageTarget.Open(scene.Image, scene.Uuid, force: false)).Fault);
        VolumeImage.SaveIdle(scene.Arena.Volume, first);
        first.Publish();
        scene.Restore();
    }

    /// <summary>Whatever header, index and chunks say, with checksums that fit: no crash, no hang, no bomb.</summary>
    [Fact]
    public void A_hostile_image_is_refused_or_makes_an_arena_of_its_own_size()
    {
        byte[] good = SaveSome();
        var random = new SeededRandom(seed);
        int restored = 0;
        for (int mutation = 0; mutation < Mutations; mutation++)
        {
            var sealer = new ImageSealer(good);
            for (int count = 1 + random.Next(3); count > 0; count--) sealer.Mutate(random);
            if (!random.OneIn(8)) sealer.Seal();
            File.WriteAllBytes(scene.Image, sealer.Bytes);
            try
            {
                scene.Restore(force: true);
                restored++;
                using Volume volume = Volume.Open(scene.Restored, new VolumeOptions());
                _ = VolumeChecker.Check(volume);
            }
            catch (ArenaException)
            {
                // Refused, in one of the ways that an operator is told of.
            }
            Assert.Empty(scene.Leftovers());
        }
        Assert.InRange(restored, 1, Mutations - 1);
    }

    public void Dispose() => scene.Dispose();

    private byte[] SaveSome()
    {
        scene.Write(scene.Create("file"), 0, "contents"u8);
        scene.Write(scene.Create("larger"), 0, new byte[] { 1, 2, 3 });
        scene.Save();
        return File.ReadAllBytes(scene.Image);
    }

    /// <summary>Restores the good image; what it is like then.</summary>
    private string RestoreAndKeep()
    {
        scene.Restore(force: true);
        return StateOf(scene.Restored);
    }

    private void RequireKept(string before)
    {
        Assert.Equal(before, StateOf(scene.Restored));
        Assert.Empty(scene.Leftovers());
    }

    private static string StateOf(string path) =>
        Convert.ToHexString(System.IO.Hashing.XxHash128.Hash(File.ReadAllBytes(path)));
}
