namespace PersistFs.Server;

/// <summary>Names the kernel that runs: another number after every boot, and after kexec.</summary>
public static class BootIdentity
{
    public static Guid Current => Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id"));
}
