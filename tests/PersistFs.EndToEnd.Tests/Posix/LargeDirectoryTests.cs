namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>Directories of many names, read while they change.</summary>
[Collection(PosixCollection.Name)]
public sealed class LargeDirectoryTests(MountedTree tree) : TreeTest(tree)
{
    private const int NamesCount = 100_000;

    [RootFact]
    public void A_directory_of_100000_names_is_read_whole_while_others_come_and_go()
    {
        for (int i = 0; i < NamesCount; i++) MakeEmptyFile($"stays-{i}");
        using CancellationTokenSource end = new();
        Thread churn = new(() =>
        {
            for (int i = 0; !end.IsCancellationRequested; i++)
            {
                MakeEmptyFile($"comes-{i}");
                if (i >= 100) Succeeds(Syscall.unlink(At($"comes-{i - 100}")));
            }
        });
        churn.Start();
        try
        {
            for (int pass = 0; pass < 3; pass++) AssertEveryStayingNameIsReadOnce();
        }
        finally
        {
            end.Cancel();
            churn.Join();
        }
    }

    [RootFact]
    public void Removing_what_was_just_read_empties_a_directory_in_one_pass()
    {
        for (int i = 0; i < 5000; i++) MakeEmptyFile($"name-{i}");
        using Descriptor directory = Open();
        int removed = 0;
        while (true)
        {
            List<DirectoryEntry> entries = Kernel.ReadDirectory(directory.Number, 4096);
            if (entries.Count == 0) break;
            foreach (DirectoryEntry entry in entries.Where(entry => entry.Name is not ("." or "..")))
            {
                Succeeds(Syscall.unlink(At(entry.Name)));
                removed++;
            }
        }

        Assert.Equal(5000, removed);
        Assert.Empty(NamesIn(Here));
    }

    [RootFact]
    public void A_cookie_leads_back_to_its_place_after_other_names_have_gone()
    {
        for (int i = 0; i < 3000; i++) MakeEmptyFile($"name-{i}");
        using Descriptor directory = Open();
        List<DirectoryEntry> all = ReadFrom(directory, 0);
        int middle = all.Count / 2;
        HashSet<string> rest = all.Skip(middle + 1).Select(entry => entry.Name).ToHashSet();
        // Every second name goes, on both sides of the position and at the position itself.
        foreach (DirectoryEntry entry in all.Where((entry, i) => i % 2 == middle % 2 && entry.Name[0] != '.'))
        {
            Succeeds(Syscall.unlink(At(entry.Name)));
            rest.Remove(entry.Name);
        }

        // A stream shows what went since it was opened or rewound, or does not show it; what stayed it shows.
        IEnumerable<string> seen = ReadFrom(directory, all[middle].Cookie).Select(entry => entry.Name);
        Assert.Superset(rest, seen.ToHashSet());
        using Descriptor fresh = Open();
        Assert.NotEmpty(ReadFrom(fresh, 0));
        Assert.Equal(rest.Order(), ReadFrom(fresh, all[middle].Cookie).Select(entry => entry.Name).Order());
    }

    [RootFact]
    public void Rewinding_shows_what_has_changed()
    {
        using Descriptor directory = Open();
        Assert.Equal(2, ReadFrom(directory, 0).Count);
        MakeEmptyFile("new");
        Assert.Contains(ReadFrom(directory, 0), entry => entry.Name == "new");
        Succeeds(Syscall.unlink(At("new")));
        Assert.DoesNotContain(ReadFrom(directory, 0), entry => entry.Name == "new");
    }

    [RootFact]
    public void Cookies_are_unique_and_positive()
    {
        for (int i = 0; i < 2000; i++) MakeEmptyFile($"{i}");
        using Descriptor directory = Open();
        List<DirectoryEntry> all = ReadFrom(directory, 0);
        Assert.Equal(all.Count, all.Select(entry => entry.Cookie).Distinct().Count());
        Assert.All(all, entry => Assert.True(entry.Cookie > 0));
    }

    private void AssertEveryStayingNameIsReadOnce()
    {
        using Descriptor directory = Open();
        HashSet<string> seen = [];
        while (true)
        {
            List<DirectoryEntry> entries = Kernel.ReadDirectory(directory.Number);
            if (entries.Count == 0) break;
            foreach (DirectoryEntry entry in entries) Assert.True(seen.Add(entry.Name), $"{entry.Name} came twice");
        }

        int missing = Enumerable.Range(0, NamesCount).Count(i => !seen.Contains($"stays-{i}"));
        Assert.Equal(0, missing);
    }

    private static List<DirectoryEntry> ReadFrom(Descriptor directory, long cookie)
    {
        Succeeds(Kernel.Seek(directory.Number, cookie, 0));
        List<DirectoryEntry> all = [];
        while (true)
        {
            List<DirectoryEntry> entries = Kernel.ReadDirectory(directory.Number);
            if (entries.Count == 0) return all;
            all.AddRange(entries);
        }
    }

    private Descriptor Open() => Descriptor.Open(Here, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);

    private void MakeEmptyFile(string name) =>
        Succeeds(Syscall.mknod(At(name), FilePermissions.S_IFREG | Mode(644), 0));
}
