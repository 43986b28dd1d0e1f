namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>stress-ng's file system stressors, a second each, checking what they did.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class StressNgTests(MountedTree tree) : TreeTest(tree)
{
    [RootTheory(Tools = "stress-ng")]
    [InlineData("access chattr chdir chmod chown")]
    [InlineData("copy-file dentry dir dirdeep dirmany")]
    [InlineData("dup fallocate fcntl fiemap file-ioctl filename")]
    [InlineData("flock fpunch fstat getdent handle hdd")]
    [InlineData("inode-flags io iomix link locka lockf lockofd")]
    [InlineData("mknod mmap readahead rename revio seek")]
    [InlineData("sendfile splice symlink sync-file tee touch utime xattr")]
    public void A_stressor_finds_nothing_wrong(string stressors)
    {
        foreach (string stressor in stressors.Split(' '))
        {
            ToolResult result = Tool.TryIn(Here, "stress-ng", "--temp-path", Here, "--verify", "--timeout", "1",
                "--no-rand-seed", $"--{stressor}", "1");
            string told = result.Output + result.Error;
            Assert.True(result.ExitCode == 0, $"{stressor}: exit status {result.ExitCode}\n{told}");
            Assert.DoesNotContain("fail:", told, StringComparison.Ordinal);
        }
    }
}
