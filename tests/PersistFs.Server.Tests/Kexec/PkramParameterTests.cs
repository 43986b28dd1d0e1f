using PersistFs.Server.Failures;
using PersistFs.Server.Kexec;

namespace PersistFs.Server.Tests.Kexec;

/// <summary>pkram= on the kernel command line.</summary>
public sealed class PkramParameterTests
{
    [Theory]
    [InlineData("/dev/dax0.0", "/dev/dax0.0", null)]
    [InlineData("/dev/dax0.0,/mnt/pkram", "/dev/dax0.0", "/mnt/pkram")]
    [InlineData("/disk/arena,/mnt/a,b", "/disk/arena", "/mnt/a,b")]
    [InlineData("memfd:cache", "memfd:cache", null)]
    public void It_names_an_arena_and_may_name_its_place(string text, string arena, string? mountPoint) =>
        Assert.Equal(new PkramParameter(arena, mountPoint), PkramParameter.Parse(text));

    [Theory]
    [InlineData("", FailureKind.Usage)]
    [InlineData("dax0.0", FailureKind.Usage)]
    [InlineData("/dev/dax0.0,mnt", FailureKind.Usage)]
    [InlineData("/dev/dax0.0,", FailureKind.Usage)]
    [InlineData("0xnonsense", FailureKind.ArenaNotFound)]
    [InlineData("0x1234567000000", FailureKind.ArenaNotFound)]
    public void Anything_else_is_refused_with_its_text(string text, FailureKind kind)
    {
        FailureException failure = Assert.Throws<FailureException>(() => PkramParameter.Parse(text));
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }
}
