using System.Text;

namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>Which bytes make a name, and how long a name and a path may be.</summary>
[Collection(PosixCollection.Name)]
public sealed class NameTests(MountedTree tree) : TreeTest(tree)
{
    private const int Create = 0x40, ReadWrite = 2, ReadableByAll = 420;

    [RootFact]
    public void A_name_has_255_bytes_at_most()
    {
        string longest = new('n', 255), longer = new('n', 256);
        NewFile(longest, "text");
        Assert.Equal("text", TextOf(At(longest)));
        Assert.Equal([longest], NamesIn(Here));
        Fails(Errno.ENAMETOOLONG, Syscall.mkdir(At(longer), Mode(755)));
        Fails(Errno.ENAMETOOLONG, Syscall.open(At(longer), OpenFlags.O_CREAT | OpenFlags.O_RDWR, Mode(644)));
        Fails(Errno.ENAMETOOLONG, Syscall.lstat(At(longer), out _));
        Fails(Errno.ENAMETOOLONG, Syscall.rename(At(longest), At(longer)));
        Fails(Errno.ENAMETOOLONG, Syscall.link(At(longest), At(longer)));
        Fails(Errno.ENAMETOOLONG, Syscall.symlink("x", At(longer)));
        Fails(Errno.ENAMETOOLONG, Syscall.unlink(At(longer)));
    }

    [RootFact]
    public void Every_byte_but_slash_and_NUL_makes_a_name()
    {
        HashSet<string> expected = [];
        for (int value = 1; value < 256; value++)
        {
            if (value is '/' or '.') continue;
            Succeeds(Syscall.close((int)Succeeds(Kernel.OpenBytes(Bytes([(byte)value]), Create | ReadWrite,
                ReadableByAll))));
            expected.Add(((char)value).ToString());
        }

        byte[] invalidUtf8 = [0xff, 0xfe, 0x80, 0xc0, (byte)'\n'];
        Succeeds(Syscall.close((int)Succeeds(Kernel.OpenBytes(Bytes(invalidUtf8), Create | ReadWrite, ReadableByAll))));
        expected.Add(Encoding.Latin1.GetString(invalidUtf8));
        Assert.Equal(expected.Order(StringComparer.Ordinal), NamesIn(Here).Order(StringComparer.Ordinal));
        Succeeds(Kernel.UnlinkBytes(Bytes(invalidUtf8)));
    }

    [RootFact]
    public void Names_that_differ_in_case_or_normal_form_are_different()
    {
        NewFile("name");
        NewFile("NAME");
        NewFile("\u00e9");
        NewFile("e\u0301");
        Assert.Equal(4, NamesIn(Here).Count());
    }

    [RootFact]
    public void A_path_has_4095_bytes_at_most()
    {
        string folder = Here;
        while (folder.Length + 256 <= 4000)
        {
            folder += "/" + new string('d', 200);
            Succeeds(Syscall.mkdir(folder, Mode(755)));
        }

        string longest = folder + "/" + new string('f', 4095 - folder.Length - 1);
        if (longest.Length - folder.Length - 1 > 255)
        {
            folder += "/" + new string('e', 100);
            Succeeds(Syscall.mkdir(folder, Mode(755)));
            longest = folder + "/" + new string('f', 4095 - folder.Length - 1);
        }

        Descriptor.Create(longest).Dispose();
        Assert.Equal(0, StatusOf(longest).st_size);
        Fails(Errno.ENAMETOOLONG, Syscall.lstat(longest + "f", out _));
    }

    [RootFact]
    public void Missing_and_empty_names_are_ENOENT_however_often_asked()
    {
        for (int i = 0; i < 3; i++) Fails(Errno.ENOENT, Syscall.lstat(At("absent"), out _));
        Fails(Errno.ENOENT, Syscall.mkdir("", Mode(755)));
        NewFile("absent");
        Assert.Equal(0, StatusOf(At("absent")).st_size);
        Succeeds(Syscall.unlink(At("absent")));
        Fails(Errno.ENOENT, Syscall.lstat(At("absent"), out _));
        Succeeds(Syscall.mkdir(At("absent"), Mode(755)));
        Assert.Equal(2UL, StatusOf(At("absent")).st_nlink);
    }

    private byte[] Bytes(byte[] name) => [.. Encoding.ASCII.GetBytes(Here + "/"), .. name, 0];
}
