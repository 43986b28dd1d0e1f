using System.Text;
using PersistFs.Server.Arenas;

namespace PersistFs.Server.Tests.Kexec;

/// <summary>What an arena says of its mount; an arena may come from anywhere.</summary>
public sealed class MountRecordTests
{
    [Fact]
    public void A_record_is_read_as_it_was_written()
    {
        MountRecord? record = Read("""{"mountPoint":"/mnt/pkram","settings":{"options":"noatime","workers":"2"}}""");
        Assert.Equal("/mnt/pkram", record!.MountPoint);
        Assert.Equal("noatime", record.Settings["options"]);
        Assert.Equal("2", record.Settings["workers"]);
        Assert.Equal(2, record.Settings.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"mountPoint":"/mnt"}""")]
    [InlineData("""{"mountPoint":"mnt","settings":{}}""")]
    [InlineData("""{"mountPoint":"/mnt","settings":{"size":null}}""")]
    [InlineData("""{"mountPoint":"/mnt","settings":{}""")]
    [InlineData("\0\u0001")]
    public void What_is_no_record_is_none(string text) => Assert.Null(Read(text));

    [Fact]
    public void No_bytes_are_no_record() => Assert.Null(MountRecord.Read(null));

    private static MountRecord? Read(string text) => MountRecord.Read(Encoding.UTF8.GetBytes(text));
}
