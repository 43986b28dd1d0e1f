using PersistFs.Linux;

namespace PersistFs.Server.Tests.Settings;

public sealed class MountTableTests
{
    [Fact]
    public void Lines_of_mountinfo_are_taken_apart_and_unescaped()
    {
        IReadOnlyList<MountEntry> entries = MountTable.Parse(
        [
            @"36 35 0:98 / /mnt/a\040b rw,noatime shared:1 master:2 - fuse.persistfs /dev/shm/x\134y rw,user_id=0",
            "25 30 0:23 /sub /sys rw - sysfs sysfs rw",
            "nonsense",
        ]);
        Assert.Equal(
            [
                new MountEntry(
                    "0:98", "/", "/mnt/a b", "rw,noatime", "fuse.persistfs", @"/dev/shm/x\y", "rw,user_id=0"),
                new MountEntry("0:23", "/sub", "/sys", "rw", "sysfs", "sysfs", "rw"),
            ],
            entries);
    }

    [Fact]
    public void The_mount_on_a_directory_is_found() => Assert.Equal("proc", MountTable.Find("/proc")?.Type);
}
