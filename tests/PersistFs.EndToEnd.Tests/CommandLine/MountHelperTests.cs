namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>What mount(8) relies on when it runs the program for `mount -t fuse.persistfs`.</summary>
public sealed class MountHelperTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [RootFact(ProductOnly = true, Tools = "stat umount")]
    public void Options_of_tmpfs_and_of_mount_take_effect()
    {
        ToolResult result = scratch.Try("mount-helper", "ARENA", "MNT", "-o",
            "rw,noatime,nodev,size=64M,nr_inodes=10,mode=1770,uid=3,gid=4,huge=always,mpol=local,x-foo.bar=1,nofail");
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
        Assert.Equal("1770 3 4", Tool.Run("stat", "-c", "%a %u %g", scratch.MountPoint).Trim());
        string[] mount = Mount();
        Assert.Equal(scratch.Arena, mount[0]);
        Assert.Equal("fuse.persistfs", mount[2]);
        Assert.Contains("noatime", mount[3].Split(','));
        Assert.Contains("nodev", mount[3].Split(','));
        for (int i = 0; i < 9; i++) File.WriteAllText(Path.Combine(scratch.MountPoint, $"{i}"), "");
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(scratch.MountPoint, "one too many"), ""));
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void The_next_mount_waits_for_the_server_that_is_just_ending()
    {
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, scratch.Try("mount-helper", "ARENA", "MNT", "-o", "size=64M").ExitCode);
            Tool.Run("umount", scratch.MountPoint);
        }
    }

    [RootFact(ProductOnly = true)]
    public void A_remount_changes_flags_and_refuses_another_size()
    {
        scratch.Up();
        string options = string.Join(',', Mount()[3], "remount,ro,size=64M");
        Assert.Equal(0, scratch.Try("mount-helper", "ARENA", "MNT", "-o", options).ExitCode);
        Assert.Contains("ro", Mount()[3].Split(','));
        Assert.Equal(1, scratch.Try("mount-helper", "ARENA", "MNT", "-o", "remount,rw,size=1G").ExitCode);
        Assert.Contains("ro", Mount()[3].Split(','));
    }

    [RootFact(ProductOnly = true)]
    public void Exit_codes_are_those_of_mount()
    {
        Assert.Equal(1, scratch.Try("mount-helper", "ARENA").ExitCode);
        Assert.Equal(1, scratch.Try("mount-helper", "ARENA", "MNT", "-o", "speed=fast").ExitCode);
        Assert.Equal(0, scratch.Try("mount-helper", "ARENA", "MNT", "-s", "-f", "-o", "speed=fast").ExitCode);
        Assert.Equal(32, scratch.Try("mount-helper", scratch.At("no/where"), "MNT").ExitCode);
        Assert.False(File.Exists(scratch.Arena));
    }

    [RootFact(ProductOnly = true, Tools = "mount umount")]
    public void Mount_finds_the_program_as_its_helper()
    {
        string link = "/sbin/mount.fuse.persistfs";
        // One that is installed on this machine is another build; it is put back.
        string saved = link + ".saved-by-test";
        if (File.Exists(link)) File.Move(link, saved);
        File.CreateSymbolicLink(link, ProductBinary.Path);
        try
        {
            Tool.Run("mount", "-t", "fuse.persistfs", scratch.Arena, scratch.MountPoint, "-o", "size=64M,nosuid");
            Assert.Contains("nosuid", Mount()[3].Split(','));
            Tool.Run("umount", scratch.MountPoint);
        }
        finally
        {
            File.Delete(link);
            if (File.Exists(saved)) File.Move(saved, link);
        }
    }

    private string[] Mount() =>
        File.ReadLines("/proc/mounts").Last(line => line.Contains($" {scratch.MountPoint} ")).Split(' ');
}
