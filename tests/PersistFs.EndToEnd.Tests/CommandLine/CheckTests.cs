namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>`persistfs check`, and what it repairs.</summary>
public sealed class CheckTests : IDisposable
{
    private const long SuperblockCopy = 0xFF000;

    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [RootFact(ProductOnly = true)]
    public void Findings_are_listed_and_repaired_one_a_line_and_the_exit_code_tells()
    {
        scratch.Up();
        string file = Path.Combine(scratch.MountPoint, "file");
        File.WriteAllText(file, "contents");
        scratch.Run("down", "MNT");
        Assert.Equal("", scratch.Run("check", "ARENA"));
        FlipByte(SuperblockCopy + 100);
        ToolResult found = scratch.Try("check", "ARENA");
        Assert.Equal(1, found.ExitCode);
        Assert.StartsWith("Superblock: ", Assert.Single(Lines(found.Output)), StringComparison.Ordinal);
        ToolResult repaired = scratch.Try("check", "ARENA", "--repair");
        Assert.Equal(0, repaired.ExitCode);
        Assert.StartsWith("Repaired: ", Assert.Single(Lines(repaired.Output)), StringComparison.Ordinal);
        Assert.Contains("1 repairs, clean", repaired.Error, StringComparison.Ordinal);
        Assert.Equal("", scratch.Run("check", "ARENA", "--repair"));
        scratch.Up();
        Assert.Equal("contents", File.ReadAllText(file));
    }

    [RootFact(ProductOnly = true)]
    public void What_cannot_be_repaired_is_left_as_it_is()
    {
        scratch.Run("format", "ARENA", "--size", "32M");
        FlipByte(100);
        FlipByte(SuperblockCopy + 100);
        byte[] before = File.ReadAllBytes(scratch.Arena);
        Assert.Equal(2, scratch.Try("check", "ARENA", "--repair").ExitCode);
        Assert.Equal(before, File.ReadAllBytes(scratch.Arena));
    }

    private static string[] Lines(string text) => text.TrimEnd().Split('\n');

    private void FlipByte(long position)
    {
        using FileStream arena = File.Open(scratch.Arena, FileMode.Open);
        arena.Position = position;
        int value = arena.ReadByte();
        arena.Position = position;
        arena.WriteByte((byte)(value ^ 0x40));
    }
}
