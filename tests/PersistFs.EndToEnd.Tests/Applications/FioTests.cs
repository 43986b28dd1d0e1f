namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>fio writes in every way there is and reads back with a checksum in each block.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class FioTests(MountedTree tree) : TreeTest(tree)
{
    [RootTheory(Tools = "fio")]
    [InlineData("--rw=write --bs=128k --ioengine=psync")]
    [InlineData("--rw=randwrite --bs=4k --ioengine=psync --end_fsync=1")]
    [InlineData("--rw=randwrite --bsrange=512-64k --bs_unaligned=1 --ioengine=psync --norandommap")]
    [InlineData("--rw=randrw --bs=4k --ioengine=psync --verify_backlog=64")]
    [InlineData("--rw=randwrite --bs=4k --direct=1 --ioengine=psync")]
    [InlineData("--rw=randwrite --bs=16k --direct=1 --ioengine=libaio --iodepth=8")]
    [InlineData("--rw=randwrite --bs=4k --ioengine=mmap")]
    [InlineData("--rw=randwrite --bs=4k --ioengine=psync --fsync=16 --size=8M")]
    [InlineData("--rw=write --bs=4k --ioengine=sync --sync=1 --size=8M")]
    [InlineData("--rw=randwrite --bs=8k --ioengine=psync --fallocate=native --numjobs=2")]
    [InlineData("--rw=randwrite --bs=4k --ioengine=psync --nrfiles=64")]
    public void What_fio_writes_it_reads_back(string job) => Tool.RunIn(Here, "fio",
    [
        "--name=verify", $"--directory={Here}", "--size=32M", "--verify=crc32c", "--verify_fatal=1",
        "--verify_state_save=0", "--randseed=7", "--group_reporting", .. job.Split(' '),
    ]);
}
