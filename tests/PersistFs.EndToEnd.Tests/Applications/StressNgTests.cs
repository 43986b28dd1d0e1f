namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>stress-ng's file system stressors, a second each, checking what they did.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class StressNgTests(MountedTree tree) : TreeTest(tree)
{
    /// <summary>
    /// Some stressors go through all that is mounted, and would tell of trees that other tests kill or fill
    /// meanwhile: in the mount namespace of this script only the tree $1 is left of those that have a server.
    /// A mount goes by itself when its directory is removed outside.
    /// </summary>
    private const string Alone = """
        while read -r _ place type _; do
            if [[ $type != fuse* || $place == "$1" ]]; then continue; fi
            umount -l "$place" || ! grep -qF " $place " /proc/self/mounts
        done < <(cat /proc/self/mounts)
        shift
        exec stress-ng "$@"
        """;

    [RootTheory(Tools = "stress-ng unshare")]
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
            // A stressor before this one may have killed a process in unlink(2), of which the next syncfs(2) tells,
            // once (PROTOCOL.md): that is not this one's.
            _ = Tool.Try("sync", "-f", Tree.Root);
            ToolResult result = Tool.TryIn(Here, "unshare", "--mount", "bash", "-euc", Alone, "bash", Tree.Root,
                "--temp-path", Here, "--verify", "--timeout", "1", "--no-rand-seed", $"--{stressor}", "1");
            // A child that is killed between setting and clearing a flag leaves a file that rm(1) may not remove.
            _ = Tool.Try("chattr", "-R", "-f", "-i", "-a", Here);
            string told = result.Output + result.Error;
            Assert.True(result.ExitCode == 0, $"{stressor}: exit status {result.ExitCode}\n{told}");
            Assert.False(told.Contains("fail:", StringComparison.Ordinal), $"{stressor}:\n{told}");
        }
    }
}
