namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>File handles as NFS servers use them: they outlive the kernel's memory of a file.</summary>
[Collection(PosixCollection.Name)]
public sealed class FileHandleTests(MountedTree tree) : TreeTest(tree)
{
    [RootFact]
    public void A_handle_opens_its_file_under_whatever_name_it_has_now()
    {
        byte[] handle = HandleOf(NewFile("file", "text"));
        Succeeds(Syscall.rename(At("file"), At("renamed")));
        Assert.Equal("text"u8, Read(handle));
    }

    [RootFact]
    public void A_handle_works_after_the_kernel_has_forgotten_the_file()
    {
        NewFolder("a");
        NewFolder("a/b");
        byte[] file = HandleOf(NewFile("a/b/file", "text"));
        byte[] folder = HandleOf(At("a/b"));
        DropCaches();
        Assert.Equal("text"u8, Read(file));
        DropCaches();
        using Descriptor directory = Open(folder, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        Succeeds(Syscall.fstatat(directory.Number, "..", out Stat parent, 0));
        Assert.Equal(StatusOf(At("a")).st_ino, parent.st_ino);
        Assert.Equal("text", TextOf($"/proc/self/fd/{directory.Number}/file"));
    }

    [RootFact]
    public void A_handle_of_a_file_that_is_gone_is_stale()
    {
        byte[] handle = HandleOf(NewFile("file"));
        Succeeds(Syscall.unlink(At("file")));
        AssertStale(handle);
        DropCaches();
        // Its inode number may be in use again; the generation tells the two apart.
        for (int i = 0; i < 200; i++) NewFile($"new{i}");
        AssertStale(handle);
    }

    [RootFact]
    public void A_handle_of_a_file_that_is_open_without_a_name_still_opens_it()
    {
        byte[] handle = HandleOf(NewFile("file", "text"));
        using Descriptor open = Descriptor.Open(At("file"), OpenFlags.O_RDWR);
        Succeeds(Syscall.unlink(At("file")));
        Assert.Equal("text"u8, Read(handle));
    }

    [RootFact]
    public void A_nonsensical_handle_is_stale()
    {
        byte[] handle = HandleOf(NewFile("file"));
        for (int i = 8; i < 16; i++) handle[i] ^= 0x5a;
        AssertStale(handle);
    }

    private void AssertStale(byte[] handle)
    {
        using Descriptor mount = Descriptor.Open(Here, OpenFlags.O_RDONLY);
        Fails(Errno.ESTALE, Kernel.OpenHandle(mount.Number, handle, 0));
    }

    private static byte[] HandleOf(string path)
    {
        Assert.Equal((Errno)0, Kernel.HandleOf(path, out byte[] handle));
        return handle;
    }

    private byte[] Read(byte[] handle)
    {
        using Descriptor file = Open(handle, OpenFlags.O_RDONLY);
        return file.ReadAt(0, 1000);
    }

    private Descriptor Open(byte[] handle, OpenFlags flags)
    {
        using Descriptor mount = Descriptor.Open(Here, OpenFlags.O_RDONLY);
        return Descriptor.Adopt(Kernel.OpenHandle(mount.Number, handle, NativeConvert.FromOpenFlags(flags)));
    }

    private static void DropCaches() => File.WriteAllText("/proc/sys/vm/drop_caches", "2");
}
