using System.Text.Json;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Kexec;

/// <summary>The kernel that is loaded to follow this one.</summary>
public static class KexecKernel
{
    private const string LoadedFile = "/sys/kernel/kexec_loaded";

    /// <summary>Whether one is loaded; null where this kernel knows no kexec.</summary>
    public static bool? IsLoaded()
    {
        try
        {
            return File.ReadAllText(LoadedFile).Trim() != "0";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// What <see cref="Load"/> has loaded; null when nothing is loaded, or by another program: its command line cannot
    /// be seen then, nor by which call it came.
    /// </summary>
    public static LoadedKernel? FindOwn()
    {
        if (IsLoaded() != true) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordFile), KexecJson.Default.LoadedKernel);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// Loads a kernel by kexec_file_load(2), which alone hands memory over, with the command line of the one that runs.
    /// </summary>
    /// <param name="kernel">The kernel's file.</param>
    /// <param name="initrd">The initial file system; null for none.</param>
    /// <param name="append">What is added to the command line.</param>
    /// <exception cref="FailureException">It is not loaded; one loaded before stays.</exception>
    public static LoadedKernel Load(string kernel, string? initrd, string append)
    {
        string commandLine = KernelCommandLine.Running.ForNext(append);
        int kernelFile = OpenFile("--load", kernel);
        int initrdFile = initrd is null ? -1 : OpenFile("--initrd", initrd);
        Errno error = Libc.LoadKernel(kernelFile, initrdFile, commandLine);
        Libc.Close(kernelFile);
        if (initrdFile >= 0) Libc.Close(initrdFile);
        if (error != Errno.OK) throw Explain(kernel, error);
        LoadedKernel loaded = new(kernel, initrd, commandLine);
        RuntimePaths.CreateBase();
        File.WriteAllBytes(RecordFile, JsonSerializer.SerializeToUtf8Bytes(loaded, KexecJson.Default.LoadedKernel));
        return loaded;
    }

    private static string RecordFile => Path.Combine(RuntimePaths.Base, "kexec.loaded");

    private static int OpenFile(string option, string path)
    {
        Errno error = Libc.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int descriptor);
        return error switch
        {
            Errno.OK => descriptor,
            Errno.ENOENT => throw new FailureException(
                FailureKind.Usage, $"{option}: {path} does not exist", "name a file, such as /boot/vmlinuz"),
            _ => throw FailureException.FromSystem(path, "open it", error),
        };
    }

    private static FailureException Explain(string kernel, Errno error) => error switch
    {
        Errno.EADDRNOTAVAIL => new FailureException(FailureKind.NoSpace,
            $"{kernel}: kernel and initial file system do not fit into the memory kept for them (EADDRNOTAVAIL)",
            "raise kho_scratch= on the kernel command line and boot, or use a smaller initial file system"),
        Errno.ENOEXEC or Errno.EINVAL => new FailureException(FailureKind.Usage,
            $"{kernel}: the kernel does not take it for a kernel ({error})", "name a bzImage, such as /boot/vmlinuz"),
        Errno.EKEYREJECTED or Errno.ENODATA or Errno.ENOKEY => new FailureException(FailureKind.NoPermission,
            $"{kernel}: the kernel wants it to be signed ({error})",
            "use a kernel that this machine's keys have signed, or turn Secure Boot's lockdown off"),
        Errno.ENOSYS => new FailureException(FailureKind.NothingSurvives,
            "this kernel cannot load another one (no kexec_file_load)", "boot a kernel with CONFIG_KEXEC_FILE"),
        Errno.EBUSY => new FailureException(FailureKind.InputOutput,
            $"{kernel}: another kernel is just being loaded (EBUSY)", "try again in a moment"),
        _ => FailureException.FromSystem(kernel, "load it", error),
    };
}
