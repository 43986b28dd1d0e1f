namespace PersistFs.Server.Kexec;

/// <summary>A kernel's command line, taken apart.</summary>
public sealed class KernelCommandLine
{
    private const string RunningFile = "/proc/cmdline";

    /// <summary>Told by the boot loader about itself: means nothing to a kernel that no boot loader starts.</summary>
    private static readonly string[] BootLoaderNames = ["BOOT_IMAGE", "initrd"];

    private readonly List<string> parameters;

    public KernelCommandLine(string text) => parameters = Split(text);

    /// <summary>That of the kernel that runs.</summary>
    public static KernelCommandLine Running => new(File.ReadAllText(RunningFile));

    /// <summary>Values of all parameters of this name, in order; "" for one without a value.</summary>
    public IEnumerable<string> ValuesOf(string name)
    {
        foreach (string parameter in parameters)
        {
            if (parameter == name) yield return "";
            if (IsNamed(parameter, name)) yield return parameter[(name.Length + 1)..];
        }
    }

    /// <summary>Whether a switch is on: the last one of this name is on, 1, y or has no value.</summary>
    public bool IsOn(string name) => ValuesOf(name).LastOrDefault() is "on" or "1" or "y" or "true" or "";

    /// <summary>
    /// Parameters that decide where memory lies and what survives: with others, the next kernel would overwrite or
    /// leave out what is to be found again.
    /// </summary>
    public IEnumerable<string> Preserving() => parameters.Where(parameter =>
        Array.Exists(PreservingNames, name => IsNamed(parameter, name)));

    /// <summary>This command line for a kernel started by kexec, with more at its end.</summary>
    public string ForNext(string append) =>
        string.Join(' ', [.. parameters.Where(parameter => !IsOfBootLoader(parameter)), .. Split(append)]);

    private static readonly string[] PreservingNames = ["memmap", "kho", "liveupdate", "kho_scratch"];

    private static bool IsOfBootLoader(string parameter) =>
        Array.Exists(BootLoaderNames, name => IsNamed(parameter, name));

    private static bool IsNamed(string parameter, string name) =>
        parameter.StartsWith(name + "=", StringComparison.Ordinal);

    /// <summary>Parameters stand between white space, which double quotes protect.</summary>
    private static List<string> Split(string text)
    {
        List<string> found = [];
        int start = -1;
        bool isQuoted = false;
        for (int index = 0; index <= text.Length; index++)
        {
            bool isEnd = index == text.Length || (!isQuoted && char.IsWhiteSpace(text[index]));
            if (!isEnd && text[index] == '"') isQuoted = !isQuoted;
            if (!isEnd && start < 0) start = index;
            if (!isEnd || start < 0) continue;
            found.Add(text[start..index]);
            start = -1;
        }
        return found;
    }
}
