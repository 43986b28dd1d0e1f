using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Arenas;

/// <summary>What sysfs says of DAX devices, in a directory that stands in for it.</summary>
public sealed class DaxDeviceTests : IDisposable
{
    /// <summary>A character device that every machine has: major 1, minor 3.</summary>
    private const string Node = "/dev/null";

    private readonly string system = Directory.CreateTempSubdirectory("persistfs-sysfs-").FullName;

    public void Dispose() => Directory.Delete(system, recursive: true);

    [Fact]
    public void A_character_device_of_the_bus_has_the_size_and_alignment_that_sysfs_tells()
    {
        MakeDevice("266338304\n", "2097152\n");
        Assert.Equal(
            new DaxDevice(Node, "dax0.0", DaxState.Ready, 266338304, 2097152), DaxDevice.Find(Node, system));
    }

    [Theory]
    [InlineData("much", "2097152")]
    [InlineData("-1", "2097152")]
    [InlineData("266338304", "")]
    [InlineData("99999999999999999999999", "2097152")]
    public void Numbers_that_are_none_make_no_device(string size, string alignment)
    {
        MakeDevice(size, alignment);
        Assert.Equal(DaxState.OtherDevice, DaxDevice.Find(Node, system).State);
    }

    [Fact]
    public void A_character_device_of_another_bus_is_another_device()
    {
        Assert.Equal(DaxState.OtherDevice, DaxDevice.Find(Node, system).State);
        MakeDevice("266338304", "2097152", bus: "mem");
        Assert.Equal(DaxState.OtherDevice, DaxDevice.Find(Node, system).State);
    }

    [Fact]
    public void A_name_without_a_node_is_looked_up_on_the_bus()
    {
        Assert.Equal(DaxState.Missing, DaxDevice.Find("/dev/dax7.3", system).State);
        string device = Directory.CreateDirectory($"{system}/bus/dax/devices/dax7.3").FullName;
        Assert.Equal(DaxState.Unbound, DaxDevice.Find("/dev/dax7.3", system).State);
        File.CreateSymbolicLink($"{device}/driver", "../../drivers/kmem");
        Assert.Equal(DaxState.SystemMemory, DaxDevice.Find("/dev/dax7.3", system).State);
    }

    [Theory]
    [InlineData("/dev/dax7")]
    [InlineData("/dev/dax7.3.1")]
    [InlineData("/dev/daxa.b")]
    [InlineData("/mnt/nothing/dax7.3")]
    [InlineData("/etc")]
    [InlineData("/etc/passwd")]
    public void Other_paths_have_nothing_to_do_with_devices(string path) =>
        Assert.Equal(DaxState.None, DaxDevice.Find(path, system).State);

    private void MakeDevice(string size, string alignment, string bus = "dax")
    {
        string device = Directory.CreateDirectory($"{system}/devices/dax0.0").FullName;
        File.WriteAllText($"{device}/size", size);
        File.WriteAllText($"{device}/align", alignment);
        File.CreateSymbolicLink($"{device}/subsystem", $"../../bus/{bus}");
        Directory.CreateDirectory($"{system}/dev/char");
        File.CreateSymbolicLink($"{system}/dev/char/1:3", "../../devices/dax0.0");
    }
}
