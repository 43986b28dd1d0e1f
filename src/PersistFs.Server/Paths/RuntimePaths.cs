using System.Text;
using PersistFs.Linux;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Paths;

/// <summary>Where a server keeps what it needs while it runs, by the name of its mount point.</summary>
/// <remarks>
/// /run/persistfs for root. For a user $XDG_RUNTIME_DIR/persistfs, or else a directory of the user's in /dev/shm. It is
/// never a RuntimeDirectory= of a unit: systemd would empty it at a stop, and default arenas lie there.
/// </remarks>
public static class RuntimePaths
{
    private const string RootDirectory = "/run/persistfs";
    private const string ControlSocketExtension = "keeper";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The directory of this user.</summary>
    public static string Base => Environment.GetEnvironmentVariable("PERSISTFS_RUNTIME_DIR") is { Length: > 0 } chosen
        ? chosen
        : Libc.EffectiveUserId() == 0 ? RootDirectory : UserDirectory();

    /// <summary>A hugetlbfs that is mounted when the first arena is placed there.</summary>
    public static string HugePageDirectory => Path.Combine(Base, "huge");

    public static string SocketOf(string mountPoint) => Path.Combine(Base, Escape(mountPoint) + ".sock");

    /// <summary>Where a server tells its supervisor how it is.</summary>
    public static string NotifySocketOf(string mountPoint) => Path.Combine(Base, Escape(mountPoint) + ".notify");

    /// <summary>Where a supervisor is asked for an upgrade.</summary>
    public static string ControlSocketOf(string mountPoint) =>
        Path.Combine(Base, $"{Escape(mountPoint)}.{ControlSocketExtension}");

    /// <summary>A supervisor's lock on its mount point.</summary>
    public static string LockOf(string mountPoint) => Path.Combine(Base, Escape(mountPoint) + ".lock");

    /// <summary>What a server that is frozen leaves for its successor.</summary>
    public static string FreezeOf(string mountPoint) => Path.Combine(Base, Escape(mountPoint) + ".freeze");

    public static string LogOf(string mountPoint) => Path.Combine(Base, Escape(mountPoint) + ".log");

    /// <summary>Makes <see cref="Base"/> where it is missing.</summary>
    /// <exception cref="FailureException">It cannot be made, or belongs to somebody else.</exception>
    public static void CreateBase()
    {
        CreateDirectory(Base);
        Errno error = Libc.GetStatus(Base, out FileStatus status);
        if (error != Errno.OK) throw FailureException.FromSystem(Base, "use the directory", error);
        if (status.UserId != Libc.EffectiveUserId())
        {
            throw new FailureException(FailureKind.NoPermission,
                $"{Base}: the directory belongs to user {status.UserId}",
                "remove it, or name another one in PERSISTFS_RUNTIME_DIR");
        }
    }

    /// <summary>mkdir -p, for its owner alone.</summary>
    /// <exception cref="FailureException">It cannot be made.</exception>
    public static void CreateDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }
        catch (UnauthorizedAccessException)
        {
            throw FailureException.FromSystem(path, "create the directory", Errno.EACCES);
        }
        catch (IOException exception)
        {
            throw new FailureException(FailureKind.InputOutput,
                $"{path}: cannot create the directory: {exception.Message}",
                "name another one in PERSISTFS_RUNTIME_DIR");
        }
    }

    /// <summary>The sockets of all servers that this user's directory knows.</summary>
    public static IEnumerable<string> Sockets() =>
        Directory.Exists(Base) ? Directory.EnumerateFiles(Base, "*.sock").Order(StringComparer.Ordinal) : [];

    /// <summary>The sockets of all supervisors that this user's directory knows.</summary>
    public static IEnumerable<string> ControlSockets() =>
        Directory.Exists(Base)
            ? Directory.EnumerateFiles(Base, $"*.{ControlSocketExtension}").Order(StringComparer.Ordinal)
            : [];

    /// <summary>A path as one file name, as systemd-escape --path has it: /mnt/a-b is mnt-a\x2db.</summary>
    public static string Escape(string path)
    {
        StringBuilder name = new();
        foreach (byte value in Encoding.UTF8.GetBytes(path.Trim('/')))
        {
            char character = (char)value;
            bool isPlain = char.IsAsciiLetterOrDigit(character) || character is '_' or ':'
                || (character == '.' && name.Length > 0);
            if (character == '/') name.Append('-');
            else if (isPlain) name.Append(character);
            else name.Append("\\x").Append(Convert.ToHexStringLower([value]));
        }
        return name.Length == 0 ? "-" : name.ToString();
    }

    private static string UserDirectory()
    {
        string? session = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return string.IsNullOrEmpty(session)
            ? $"/dev/shm/persistfs-{Libc.EffectiveUserId()}"
            : Path.Combine(session, "persistfs");
    }
}
