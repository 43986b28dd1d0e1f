namespace PersistFs.Server.Health;

/// <summary>Whether the kernel gives memory files large pages.</summary>
public static class LargePages
{
    /// <summary>The kernel's name of the setting.</summary>
    public const string Setting = "shmem_enabled";

    /// <summary>Where it is.</summary>
    public const string Path = "/sys/kernel/mm/transparent_hugepage/" + Setting;

    /// <summary>The setting, as "advise"; "absent" on a kernel that has no large pages.</summary>
    public static string Read()
    {
        try
        {
            return Parse(File.ReadAllText(Path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "absent";
        }
    }

    /// <summary>Reads "always within_size [advise] never deny force".</summary>
    internal static string Parse(string text)
    {
        int start = text.IndexOf('[', StringComparison.Ordinal) + 1;
        int end = text.IndexOf(']', StringComparison.Ordinal);
        return start > 0 && end > start ? text[start..end] : "absent";
    }
}
