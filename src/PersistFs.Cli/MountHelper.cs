using PersistFs.Cli.Commands;
using PersistFs.Cli.Output;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Cli;

/// <summary>
/// mount.fuse.persistfs SRC MNT [-sfnv] [-o OPT,...]: what mount(8) runs for `mount -t fuse.persistfs`.
/// </summary>
/// <remarks>
/// Exit codes are those of mount(8): 0 mounted, 1 usage or permission, 2 a system error, 32 the mount failed. With
/// success nothing is printed unless -v is given; the server keeps none of the caller's descriptors open.
/// </remarks>
internal static class MountHelper
{
    private const string Verb = "mount";
    private const ExitCode UsageOrPermission = (ExitCode)1;
    private const ExitCode SystemError = (ExitCode)2;
    private const ExitCode MountFailed = (ExitCode)32;

    /// <summary>
    /// Whether mount(8) runs the program, as mount.fuse.persistfs: only the name it was called by tells.
    /// </summary>
    /// <remarks>Where the runtime hosts the program it gives the name of an assembly; the kernel does not.</remarks>
    public static bool IsCalled()
    {
        ReadOnlySpan<byte> name = File.ReadAllBytes("/proc/self/cmdline");
        int end = name.IndexOf((byte)0);
        if (end >= 0) name = name[..end];
        return name[(name.LastIndexOf((byte)'/') + 1)..].StartsWith("mount."u8);
    }

    public static ExitCode Run(string[] arguments)
    {
        try
        {
            return Run(Parse(arguments));
        }
        catch (FailureException exception)
        {
            return ErrorOutput.Write(Verb, ToMountCode(exception.Kind), exception.Message, exception.NextStep);
        }
    }

    private static ExitCode Run(Request request)
    {
        // mount(8) lets a mount hide files, whatever its type.
        string list = string.Join(",", [.. request.Options, "nonempty"]);
        if (request.IsSloppy) list = MountOptions.WithoutUnknown(list);
        MountOptions options = MountOptions.Parse([list], MachineMemory.TotalInBytes);
        if (options.IsRemount) return Remount(request.MountPoint, options, request.IsFake);
        Dictionary<string, string?> values = MountCommand.Settings(request.Source, request.MountPoint, list);
        if (request.IsFake)
        {
            ServeCommand.ReadSettings(file: null, values).Read();
            return ExitCode.Success;
        }
        ExitCode code = UpCommand.Run(Verb, file: null, values, note =>
        {
            if (request.IsVerbose) Console.Out.WriteLine(note);
        });
        return code == ExitCode.Success ? code : MountFailed;
    }

    /// <summary>mount -o remount: what the kernel can change; the size of a live tree is not among it.</summary>
    private static ExitCode Remount(string path, MountOptions options, bool isFake)
    {
        string mountPoint = MountPoint.Resolve(path);
        if (MountTable.Find(mountPoint)?.Type != MountPoint.FileSystemType)
        {
            throw new FailureException(FailureKind.NotMounted, $"{mountPoint}: no PersistFS tree is mounted there",
                "mount it first, without remount");
        }
        StatusReport? report = StatusClient.Find(mountPoint);
        bool isResize = report is not null && ArenaSize.Wanted(options) is { } size
            && !ArenaSize.AreSame(size, report.SizeMax);
        if (isResize)
        {
            throw new FailureException(FailureKind.Usage,
                $"{mountPoint}: a remount cannot change the size ({SizeText.Format(report!.SizeMax)} now)",
                "leave size= out, or make a larger arena and copy the tree");
        }
        if (isFake) return ExitCode.Success;
        Errno error = Libc.Mount("none", mountPoint, MountPoint.FileSystemType, options.Flags | MountFlags.Remount,
            data: null);
        return error == Errno.OK
            ? ExitCode.Success
            : throw FailureException.FromSystem(mountPoint, "remount it", error);
    }

    private static Request Parse(string[] arguments)
    {
        Request request = new();
        List<string> operands = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument is "-o" or "-t" or "-N")
            {
                if (++i == arguments.Length) throw Usage($"{argument}: a value is missing");
                if (argument == "-o") request.Options.Add(arguments[i]);
            }
            else if (argument.Length > 1 && argument[0] == '-')
            {
                SetFlags(request, argument);
            }
            else
            {
                operands.Add(argument);
            }
        }
        if (operands.Count != 2) throw Usage("a source and a mount point are needed");
        (request.Source, request.MountPoint) = (operands[0], operands[1]);
        return request;
    }

    private static void SetFlags(Request request, string argument)
    {
        foreach (char letter in argument.AsSpan(1))
        {
            switch (letter)
            {
                case 's': request.IsSloppy = true; break;
                case 'f': request.IsFake = true; break;
                case 'v': request.IsVerbose = true; break;
                case 'n': break; // There is no /etc/mtab to leave alone.
                default: throw Usage($"-{letter}: there is no such option");
            }
        }
    }

    private static FailureException Usage(string cause) =>
        new(FailureKind.Usage, cause, "call it as: mount.fuse.persistfs SRC MNT [-sfnv] [-o OPT,...]");

    private static ExitCode ToMountCode(FailureKind kind) => kind switch
    {
        FailureKind.Usage or FailureKind.Configuration or FailureKind.NoPermission => UsageOrPermission,
        FailureKind.Internal => SystemError,
        _ => MountFailed,
    };

    private sealed class Request
    {
        public string Source { get; set; } = "";

        public string MountPoint { get; set; } = "";

        public List<string> Options { get; } = [];

        public bool IsSloppy { get; set; }

        public bool IsFake { get; set; }

        public bool IsVerbose { get; set; }
    }
}
