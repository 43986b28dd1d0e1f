using PersistFs.Server.Settings;

namespace PersistFs.Server.Tests.Settings;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("0", 0UL)]
    [InlineData("4096", 4096UL)]
    [InlineData("512M", 512UL << 20)]
    [InlineData("4G", 4UL << 30)]
    [InlineData("4g", 4UL << 30)]
    [InlineData("1GiB", 1UL << 30)]
    [InlineData("16KB", 16384UL)]
    [InlineData("15E", 15UL << 60)]
    [InlineData("50%", 500UL)]
    public void A_size_is_digits_and_a_unit(string text, ulong expected)
    {
        Assert.True(SizeText.TryParse(text, 1000, out ulong size));
        Assert.Equal(expected, size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("4X")]
    [InlineData("4 G")]
    [InlineData("101%")]
    [InlineData("16E")]
    [InlineData("99999999999999999999")]
    public void What_is_no_size_is_refused(string text) => Assert.False(SizeText.TryParse(text, 1000, out _));

    [Fact]
    public void A_percentage_means_nothing_where_there_is_no_whole() =>
        Assert.False(SizeText.TryParse("50%", 0, out _));

    [Theory]
    [InlineData(0UL, "0 B")]
    [InlineData(1023UL, "1023 B")]
    [InlineData(1024UL, "1 KiB")]
    [InlineData(1536UL << 20, "1.5 GiB")]
    [InlineData(1023UL << 20, "1 GiB")]
    [InlineData(12UL << 30, "12 GiB")]
    [InlineData(ulong.MaxValue, "16 EiB")]
    public void Sizes_are_written_with_few_digits(ulong size, string expected) =>
        Assert.Equal(expected, SizeText.Format(size));
}
