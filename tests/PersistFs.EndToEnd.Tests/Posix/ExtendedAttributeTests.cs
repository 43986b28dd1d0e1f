using System.Text;

namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>Extended attributes: their namespaces, sizes and flags.</summary>
[Collection(PosixCollection.Name)]
public sealed class ExtendedAttributeTests(MountedTree tree) : TreeTest(tree)
{
    private const int ValueSizeMax = 65_536;

    [RootTheory]
    [InlineData("user.a", 0)]
    [InlineData("user.a", 1)]
    [InlineData("user.a", 200)]
    [InlineData("user.a", 5_000)]
    [InlineData("user.a", ValueSizeMax)]
    [InlineData("trusted.overlay.opaque", 1)]
    [InlineData("security.something", 4_096)]
    public void A_value_is_returned_byte_for_byte(string name, int size)
    {
        string path = NewFile("file");
        byte[] value = RandomBytes(size);
        Succeeds(Syscall.setxattr(path, name, value));
        Assert.Equal(value, Get(path, name));
        Assert.Equal(size, Succeeds(Syscall.getxattr(path, name, [], 0)));
        Succeeds(Syscall.removexattr(path, name));
        Fails(Errno.ENODATA, Syscall.getxattr(path, name, new byte[10]));
        Fails(Errno.ENODATA, Syscall.removexattr(path, name));
    }

    [RootFact]
    public void A_buffer_too_small_is_ERANGE()
    {
        string path = NewFile("file");
        Succeeds(Syscall.setxattr(path, "user.a", RandomBytes(100)));
        Fails(Errno.ERANGE, Syscall.getxattr(path, "user.a", new byte[99]));
        Fails(Errno.ERANGE, Kernel.ListAttributes(path, new byte[3], 3));
    }

    [RootFact]
    public void Names_and_values_beyond_their_limits_are_refused()
    {
        string path = NewFile("file");
        Succeeds(Syscall.setxattr(path, "user." + new string('n', 250), [1]));
        Fails(Errno.ERANGE, Syscall.setxattr(path, "user." + new string('n', 251), [1]));
        Fails(Errno.E2BIG, Syscall.setxattr(path, "user.a", new byte[ValueSizeMax + 1]));
        Fails(Errno.EOPNOTSUPP, Syscall.setxattr(path, "nonsense.a", [1]));
        Fails(Errno.EINVAL, Syscall.setxattr(path, "user.", [1]));
    }

    [RootFact]
    public void Create_and_replace_are_told_apart()
    {
        string path = NewFile("file");
        Fails(Errno.ENODATA, Syscall.setxattr(path, "user.a", [1], XattrFlags.XATTR_REPLACE));
        Succeeds(Syscall.setxattr(path, "user.a", [1], XattrFlags.XATTR_CREATE));
        Fails(Errno.EEXIST, Syscall.setxattr(path, "user.a", [2], XattrFlags.XATTR_CREATE));
        Assert.Equal([1], Get(path, "user.a"));
        Succeeds(Syscall.setxattr(path, "user.a", [2, 3], XattrFlags.XATTR_REPLACE));
        Assert.Equal([2, 3], Get(path, "user.a"));
    }

    [RootFact]
    public void A_file_keeps_many_attributes_and_lists_each_once()
    {
        string path = NewFile("file");
        List<string> expected = Enumerable.Range(0, 100).Select(i => $"user.attribute-{i}").ToList();
        foreach (string name in expected) Succeeds(Syscall.setxattr(path, name, Encoding.ASCII.GetBytes(name)));
        for (int i = 0; i < 100; i += 3)
        {
            Succeeds(Syscall.removexattr(path, $"user.attribute-{i}"));
            expected.Remove($"user.attribute-{i}");
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), List(path).Order(StringComparer.Ordinal));
        foreach (string name in expected) Assert.Equal(Encoding.ASCII.GetBytes(name), Get(path, name));
    }

    [RootFact]
    public void Values_grow_shrink_and_return_their_room()
    {
        string path = NewFile("file");
        foreach (int size in new[] { 10, 1_000, 40_000, 5, 65_000, 0, 300 })
        {
            byte[] value = RandomBytes(size);
            Succeeds(Syscall.setxattr(path, "user.changing", value));
            Succeeds(Syscall.setxattr(path, "user.other", BitConverter.GetBytes(size)));
            Assert.Equal(value, Get(path, "user.changing"));
            Assert.Equal(BitConverter.GetBytes(size), Get(path, "user.other"));
        }
    }

    [RootFact]
    public void Directories_symlinks_and_devices_have_the_namespaces_they_may()
    {
        Succeeds(Syscall.setxattr(NewFolder("folder"), "user.a", [1]));
        Succeeds(Syscall.symlink("file", At("symlink")));
        Fails(Errno.EPERM, Syscall.lsetxattr(At("symlink"), "user.a", [1]));
        Succeeds(Syscall.lsetxattr(At("symlink"), "trusted.a", [1, 2]));
        byte[] value = new byte[2];
        Assert.Equal(2, Succeeds(Syscall.lgetxattr(At("symlink"), "trusted.a", value)));
        Succeeds(Syscall.mkfifo(At("fifo"), Mode(600)));
        Fails(Errno.EPERM, Syscall.setxattr(At("fifo"), "user.a", [1]));
    }

    [RootFact]
    public void Users_see_and_set_what_is_theirs()
    {
        string path = NewFile("file", "", 644);
        Succeeds(Syscall.setxattr(path, "user.a", [1]));
        Succeeds(Syscall.setxattr(path, "trusted.a", [1]));
        Caller.Run(65531, 65531, () =>
        {
            Assert.Equal([1], Get(path, "user.a"));
            Fails(Errno.EACCES, Syscall.setxattr(path, "user.a", [2]));
            Fails(Errno.EPERM, Syscall.setxattr(path, "trusted.a", [2]));
            Fails(Errno.ENODATA, Syscall.getxattr(path, "trusted.a", new byte[10]));
        });
    }

    [RootFact]
    public void Attributes_stay_with_the_file_through_rename_and_link_and_go_with_it()
    {
        string path = NewFile("file");
        Succeeds(Syscall.setxattr(path, "user.a", [7]));
        Succeeds(Syscall.rename(path, At("renamed")));
        Succeeds(Syscall.link(At("renamed"), At("linked")));
        Assert.Equal([7], Get(At("linked"), "user.a"));
        Succeeds(Syscall.unlink(At("renamed")));
        Succeeds(Syscall.unlink(At("linked")));
        Assert.Empty(List(NewFile("file")));
    }

    private static byte[] Get(string path, string name)
    {
        byte[] buffer = new byte[ValueSizeMax];
        return buffer[..(int)Succeeds(Syscall.getxattr(path, name, buffer))];
    }

    private static List<string> List(string path)
    {
        byte[] buffer = new byte[ValueSizeMax];
        int length = (int)Succeeds(Kernel.ListAttributes(path, buffer, (nuint)buffer.Length));
        return [.. Encoding.ASCII.GetString(buffer, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static byte[] RandomBytes(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }
}
