namespace PersistFs.Kexec.Tests;

/// <summary>What an image on a disk promises: it brings a tree over the loss of all memory.</summary>
public sealed class ImageTests
{
    private const string Arena = "/run/persistfs/arena", Disk = "/dev/vdb";

    [MachineFact(LiveUpdate = true)]
    public void A_tree_that_was_saved_on_the_first_boot_is_there_after_a_cold_boot_and_a_restore()
    {
        string home = Directory.CreateTempSubdirectory("persistfs-image-").FullName;
        try
        {
            string disk = Path.Combine(home, "disk");
            using (FileStream file = File.Create(disk)) file.SetLength(256 << 20);
            string before = SaveOnFirstBoot(disk);
            using Machine machine = Machine.Start(GuestKernel.LiveUpdate, secondDisk: disk);
            GuestTree tree = new(machine, Arena);
            machine.Run($"mkdir -p {Path.GetDirectoryName(Arena)}; persistfs restore {Disk} {Arena}");
            tree.Up();
            tree.AssertIs(before);
            tree.CheckOffline();
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static string SaveOnFirstBoot(string disk)
    {
        using Machine machine = Machine.Start(GuestKernel.LiveUpdate, secondDisk: disk);
        GuestTree tree = new(machine, Arena);
        tree.Up("--size 200M");
        tree.Fill();
        string before = tree.Describe();
        machine.Run($"persistfs save {GuestTree.Root} {Disk}");
        return before;
    }
}
