namespace PersistFs.Kexec.Tests.Machines;

/// <summary>Makes the initial tree of a kernel: busybox, modules, a first process that goes on from the disk.</summary>
/// <remarks>It is small: every kexec hashes it, and it has to fit the memory set aside for the next kernel.</remarks>
internal static class InitialTree
{
    /// <summary>Folders that are on the disk; the initial tree only points there.</summary>
    private static readonly string[] OnDisk = ["usr"];

    /// <summary>Writes the archive, compressed, to <paramref name="path"/>.</summary>
    public static void Write(GuestKernel kernel, string path)
    {
        string home = Directory.CreateTempSubdirectory("persistfs-initial-").FullName;
        try
        {
            File.Copy(Tool.Find("busybox")!, Path.Combine(home, "busybox"));
            File.Copy(Path.Combine(GuestDisk.Scripts, "init"), Path.Combine(home, "init"));
            string modules = Path.Combine(home, "modules");
            Directory.CreateDirectory(modules);
            List<string> order = [];
            foreach (string module in kernel.Modules)
            {
                string name = Path.GetFileName(module);
                File.Copy(module, Path.Combine(modules, name));
                if (name.EndsWith(".xz", StringComparison.Ordinal)) Tool.Run("xz", "-d", Path.Combine(modules, name));
                order.Add(name.Replace(".xz", "", StringComparison.Ordinal));
            }

            File.WriteAllLines(Path.Combine(modules, "order"), order);
            foreach (string folder in OnDisk) File.CreateSymbolicLink(Path.Combine(home, folder), "disk/" + folder);
            foreach (string folder in GuestDisk.MergedFolders)
            {
                File.CreateSymbolicLink(Path.Combine(home, folder), "usr/" + folder);
            }

            Tool.Bash(home, "chmod 755 init busybox; find . | cpio -o -H newc -R 0:0 --quiet | gzip >\"$1\"", path);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
