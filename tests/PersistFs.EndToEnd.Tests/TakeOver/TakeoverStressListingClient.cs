namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>
/// Lists a directory in small steps while names come and go there: those that stay are listed once each, and every
/// name that a listing has brought into the kernel's caches is the file that it should be.
/// </summary>
internal sealed class TakeoverStressListingClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private const int StableCount = 300, BufferSize = 2048;

    private readonly Dictionary<string, ulong> stable = [];
    private Descriptor? directory;
    private int churned;

    public override void Dispose()
    {
        base.Dispose();
        directory?.Dispose();
    }

    protected override void Open()
    {
        for (int i = 0; i < StableCount; i++)
        {
            string name = $"stable-{i}-{new string('n', i % 50)}";
            using Descriptor file = Descriptor.Create($"{Home}/{name}");
            stable[name] = file.Status.st_ino;
        }

        directory = Descriptor.Open(Home, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
    }

    protected override void Round()
    {
        HashSet<string> missing = [.. stable.Keys];
        Succeeds(Kernel.Seek(directory!.Number, 0, 0));
        while (true)
        {
            List<DirectoryEntry> entries = Kernel.ReadDirectory(directory.Number, BufferSize);
            if (entries.Count == 0) break;
            foreach (DirectoryEntry entry in entries) See(entry, missing);
            Churn();
        }

        Assert.Empty(missing);
    }

    private void See(DirectoryEntry entry, HashSet<string> missing)
    {
        if (!entry.Name.StartsWith("stable", StringComparison.Ordinal)) return;
        Assert.True(missing.Remove(entry.Name), $"{entry.Name} is listed twice");
        Assert.Equal(stable[entry.Name], entry.Inode);
        if (Random.Next(4) != 0) return;
        Succeeds(Syscall.lstat($"{Home}/{entry.Name}", out Stat status));
        Assert.Equal((entry.Inode, 1UL), (status.st_ino, status.st_nlink));
    }

    private void Churn()
    {
        string name = $"{Home}/churned-{churned++ % 20}";
        if (Syscall.unlink(name) < 0) Assert.Equal(Errno.ENOENT, Stdlib.GetLastError());
        if (Random.Next(2) == 0) Descriptor.Create(name).Dispose();
    }
}
