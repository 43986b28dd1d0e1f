using PersistFs.Server.Kexec;

namespace PersistFs.Server.Tests.Kexec;

/// <summary>Command lines of kernels, this one's and the next one's.</summary>
public sealed class KernelCommandLineTests
{
    private static readonly KernelCommandLine Line = new(
        "BOOT_IMAGE=/vmlinuz root=/dev/vda1  memmap=256M!512M dyndbg=\"file a.c +p\" kho=off kho=on "
        + "memmap=1G!4G pkram quiet\n");

    [Fact]
    public void Values_are_found_by_name_in_order()
    {
        Assert.Equal(["256M!512M", "1G!4G"], Line.ValuesOf("memmap"));
        Assert.Equal(["\"file a.c +p\""], Line.ValuesOf("dyndbg"));
        Assert.Equal([""], Line.ValuesOf("pkram"));
        Assert.Empty(Line.ValuesOf("mem"));
    }

    [Theory]
    [InlineData("kho", true)]
    [InlineData("quiet", true)]
    [InlineData("liveupdate", false)]
    [InlineData("root", false)]
    public void The_last_of_a_name_tells_whether_it_is_on(string name, bool isOn) =>
        Assert.Equal(isOn, Line.IsOn(name));

    [Fact]
    public void The_next_kernel_gets_all_but_what_the_boot_loader_told_of_itself() => Assert.Equal(
        "root=/dev/vda1 memmap=256M!512M dyndbg=\"file a.c +p\" kho=off kho=on memmap=1G!4G pkram quiet stage=2 more",
        Line.ForNext(" stage=2  more"));

    [Fact]
    public void What_keeps_memory_and_is_missing_is_found()
    {
        Assert.Empty(KexecAdvice.Missing(Line, new KernelCommandLine(Line.ForNext(""))));
        KernelCommandLine other = new("memmap=256M!512M kho=on");
        Assert.Equal(["kho=off", "memmap=1G!4G"], KexecAdvice.Missing(Line, other).Order(StringComparer.Ordinal));
    }
}
