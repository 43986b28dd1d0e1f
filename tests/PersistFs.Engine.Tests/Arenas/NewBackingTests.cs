using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Dump;
using PersistFs.Engine.Image;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Tests.Arenas;

/// <summary>A new backing is a class and a line among the drivers: everything else works with it at once.</summary>
public sealed class NewBackingTests : IDisposable
{
    private readonly IReadOnlyList<BackingDriver> drivers = BackingOpener.Drivers;
    private readonly string home = Directory.CreateTempSubdirectory("persistfs-backing-").FullName;
    private readonly string name = $"{PrivateBacking.Prefix}{Guid.NewGuid()}";

    public NewBackingTests() => BackingOpener.Drivers = [new PrivateBacking.Driver(), .. drivers];

    public void Dispose()
    {
        BackingOpener.Drivers = drivers;
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public void An_unknown_backing_is_formatted_opened_and_checked()
    {
        Assert.True(VolumeFormatter.IsKnownEmpty(name));
        Assert.Null(VolumeFormatter.FixedSize(name));
        Format(name);
        Assert.False(VolumeFormatter.IsKnownEmpty(name));
        ArenaException refused = Assert.Throws<ArenaException>(() => Format(name));
        Assert.Equal(ArenaFault.AlreadyFormatted, refused.Fault);
        CheckReport report = VolumeChecker.Check(name, new VolumeOptions());
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.False(File.Exists(name));
    }

    [Fact]
    public void An_unknown_backing_is_saved_and_restored()
    {
        Format(name);
        string image = Path.Combine(home, "image");
        Guid uuid = Save(image);
        string other = name + "-restored";
        VolumeImage.Restore(image, other, force: false);
        using Volume restored = Volume.Open(other, new VolumeOptions());
        Assert.Equal(uuid, restored.GetStatistics().Uuid);
        Assert.Equal(other, restored.GetStatistics().BackingName);
        Assert.Throws<ArenaException>(() => VolumeImage.Restore(image, name, force: false));
    }

    [Fact]
    public void An_unknown_backing_is_read_and_dumped_from_outside()
    {
        Format(name);
        ArenaSummary summary = ArenaSummary.Read(name);
        Assert.Same(PrivateBacking.PrivateMemory, summary.BackingKind);
        using var text = new StringWriter();
        VolumeDump.Write(name, new DumpOptions(), text);
        Assert.Contains($"({PrivateBacking.PrivateMemory.Word})", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_shortage_is_advised_in_the_words_of_the_backing()
    {
        PrivateBacking.Limits[name] = 0;
        ArenaException exception = Assert.Throws<ArenaException>(() => Format(name));
        Assert.Equal(ArenaFault.NoSpace, exception.Fault);
        Assert.StartsWith(PrivateBacking.PrivateMemory.ShortageAdvice, exception.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void The_word_of_a_kind_leads_back_to_it_and_an_unknown_word_promises_nothing()
    {
        Assert.All(
            BackingOpener.Drivers.SelectMany(driver => driver.Kinds),
            kind => Assert.Same(kind, BackingKind.Of(kind.Word)));
        Assert.Equal(Survival.ServerOnly, BackingKind.Of("a kind of another version").Survives);
    }

    [Theory]
    [InlineData("huge pages", Survival.ServerOnly, PageBehaviour.Large, false)]
    [InlineData("tmpfs", Survival.ServerOnly, PageBehaviour.Small, false)]
    [InlineData("disk file", Survival.Kexec | Survival.Reboot, PageBehaviour.WrittenBack, false)]
    [InlineData("DAX memory", Survival.Kexec, PageBehaviour.Large, false)]
    [InlineData("memfd", Survival.ServerOnly, PageBehaviour.AsConfigured, true)]
    [InlineData("memfd, huge pages", Survival.ServerOnly, PageBehaviour.Large, false)]
    public void Words_and_promises_of_the_known_kinds_stay(
        string word, Survival survives, PageBehaviour pages, bool canBeHandedOver)
    {
        BackingKind kind = Assert.Single(
            BackingOpener.Drivers.SelectMany(driver => driver.Kinds), kind => kind.Word == word);
        Assert.Equal(survives, kind.Survives);
        Assert.Equal(pages, kind.Pages);
        Assert.Equal(canBeHandedOver, kind.CanBeHandedOver);
    }

    private static void Format(string place) => VolumeFormatter.Format(place, new FormatOptions { SizeMax = 16 << 20 });

    private Guid Save(string path)
    {
        using Volume volume = Volume.Open(name, new VolumeOptions());
        using ImageTarget target = ImageTarget.Open(path, volume.GetStatistics().Uuid, force: false);
        VolumeImage.SaveIdle(volume, target);
        target.Publish();
        return volume.GetStatistics().Uuid;
    }
}
