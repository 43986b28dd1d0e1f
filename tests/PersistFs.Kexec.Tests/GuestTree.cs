namespace PersistFs.Kexec.Tests;

/// <summary>A tree that is served in another machine, and what tests do with it.</summary>
/// <param name="machine">The machine.</param>
/// <param name="arena">SPEC of the arena, as <c>persistfs up</c> takes it.</param>
internal sealed class GuestTree(Machine machine, string arena)
{
    /// <summary>The mount point.</summary>
    public const string Root = "/mnt/tree";

    /// <summary>Serves the arena.</summary>
    /// <param name="options">More options of <c>up</c>.</param>
    public void Up(string options = "") => machine.Run(
        $"persistfs up {Root} --arena {arena} {options} || (tail -n 50 /run/persistfs/*.log; exit 1)");

    /// <summary>Puts a file of every kind there: Guest/make-tree.</summary>
    public void Fill() => machine.Run($"mkdir {Root}/all; sh /disk/guest/make-tree {Root}/all");

    /// <summary>All there is to know of what <see cref="Fill"/> put there: Guest/describe.</summary>
    public string Describe()
    {
        string text = machine.Run($"sh /disk/guest/describe {Root}/all");
        Assert.Contains($"{GuestDisk.Shared.LargeDigest}  ./large", text, StringComparison.Ordinal);
        return text;
    }

    /// <summary>The files are as they were when they were described.</summary>
    public void AssertIs(string before)
    {
        string after = Describe();
        if (after == before) return;
        string[] old = before.Split('\n'), now = after.Split('\n');
        IEnumerable<string> differences =
            [.. old.Except(now).Select(line => "- " + line), .. now.Except(old).Select(line => "+ " + line)];
        throw machine.Failure($"the tree is another one:\n{string.Join('\n', differences.Take(40))}");
    }

    /// <summary>Ends the server and has <c>persistfs check</c> find nothing.</summary>
    public void CheckOffline() => machine.Run($"persistfs down {Root}; persistfs check {arena}");
}
