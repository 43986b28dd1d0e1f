namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>Contents across a kill, proved block by block by fio's checksums.</summary>
[Collection(RestartCollection.Name)]
public sealed class FioRestartTests(RestartTree restart)
{
    private MountedTree Tree => restart.Tree;

    [RootTheory(Tools = "fio", ProductOnly = true)]
    [InlineData("--rw=randwrite --bs=4k --ioengine=psync")]
    [InlineData("--rw=write --bs=1m --direct=1 --ioengine=psync")]
    [InlineData("--rw=randwrite --bs=4k --ioengine=mmap")]
    [InlineData("--rw=randwrite --bsrange=512-64k --bs_unaligned=1 --norandommap --ioengine=psync")]
    public void What_was_synchronised_before_a_kill_verifies_after_it(string job)
    {
        string here = Tree.NewDirectory();
        string[] common =
        [
            "--name=survivor", $"--directory={here}", "--size=24M", "--nrfiles=4", "--verify=crc32c", "--randseed=11",
            "--verify_fatal=1", "--verify_state_save=0", .. job.Split(' '),
        ];
        Tool.RunIn("/", "fio", [.. common, "--do_verify=0", "--end_fsync=1"]);
        Tree.Kill();
        Tree.Up();
        Tool.RunIn("/", "fio", [.. common, "--do_verify=1", "--verify_only"]);
        Tree.CheckOffline();
        Tool.RunIn("/", "fio", [.. common, "--do_verify=1", "--verify_only"]);
        Tool.Run("rm", "-rf", here);
    }
}
