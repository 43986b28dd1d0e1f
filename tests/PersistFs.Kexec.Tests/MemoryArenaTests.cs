namespace PersistFs.Kexec.Tests;

/// <summary>An arena in ordinary memory, on both kernels.</summary>
public sealed class MemoryArenaTests
{
    [MachineFact]
    public void A_tree_in_the_memory_of_Debians_kernel_is_there_after_its_server_was_killed() =>
        OutlivesItsServer(GuestKernel.Debian);

    [MachineFact(LiveUpdate = true)]
    public void A_tree_in_the_memory_of_a_small_kernel_is_there_after_its_server_was_killed() =>
        OutlivesItsServer(GuestKernel.LiveUpdate);

    private static void OutlivesItsServer(GuestKernel kernel)
    {
        using Machine machine = Machine.Start(kernel);
        GuestTree tree = new(machine, "/run/persistfs/arena");
        tree.Up("--size 200M");
        tree.Fill();
        string before = tree.Describe();
        machine.Run("kill -9 $(pidof persistfs)");
        tree.Up();
        tree.AssertIs(before);
        tree.CheckOffline();
    }
}
