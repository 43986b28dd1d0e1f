using System.Diagnostics;
using System.Text;
using Xunit.Sdk;

namespace PersistFs.Kexec.Tests.Machines;

/// <summary>A machine that QEMU emulates: it boots a kernel, runs scripts, goes over to others by kexec.</summary>
/// <remarks>
/// Always by translation (tcg): the means of the processor are not to be had everywhere, and hang where they are half
/// there. Nothing waits without a limit, and <see cref="Emulator"/> ends QEMU, whatever becomes of the test.
/// </remarks>
internal sealed class Machine : IDisposable
{
    /// <summary>Kernel parameters of every boot. A panic stays as it is, so that the log ends with it.</summary>
    private const string Parameters = "console=ttyS0 quiet panic=0";

    private const int BootSeconds = 240, TailCharacters = 6000;

    private readonly string home = Directory.CreateTempSubdirectory("persistfs-machine-").FullName;
    private readonly Process emulator;
    private readonly Agent agent;

    private Machine(GuestKernel kernel, string commandLine, int memoryMebibytes, string? secondDisk)
    {
        string[] drives = ["-drive", $"file={GuestDisk.Shared.Image},if=virtio,format=raw,readonly=on"];
        if (secondDisk != null) drives = [.. drives, "-drive", $"file={secondDisk},if=virtio,format=raw"];
        emulator = Emulator.Start(home, [
            "-accel", "tcg", "-cpu", "max", "-m", $"{memoryMebibytes}", "-nodefaults", "-no-user-config",
            "-display", "none",
            "-serial", $"file:{ConsolePath}", "-serial", "stdio", .. drives,
            "-kernel", kernel.Image, "-initrd", GuestDisk.Shared.InitialTreeOf(kernel), "-append", Full(commandLine)]);
        emulator.ErrorDataReceived += (_, line) =>
        {
            if (line.Data == null) return;
            lock (emulator) File.AppendAllText(ErrorPath, line.Data + "\n");
        };
        emulator.BeginErrorReadLine();
        agent = new Agent(emulator.StandardInput, emulator.StandardOutput);
    }

    /// <summary>Why there can be none here, or null.</summary>
    public static string? Missing =>
        Requirements.Missing(Emulator.Tools, productOnly: true) ?? GuestDisk.Missing;

    /// <summary>All that the kernels and the scripts wrote to the console.</summary>
    public string Console
    {
        get
        {
            if (!File.Exists(ConsolePath)) return "";
            using FileStream stream = new(ConsolePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(stream, Encoding.Latin1);
            return reader.ReadToEnd();
        }
    }

    private string ConsolePath => Path.Combine(home, "console");

    private string ErrorPath => Path.Combine(home, "errors");

    /// <summary>Boots a machine and waits until it can be used.</summary>
    /// <param name="kernel">Its first kernel.</param>
    /// <param name="commandLine">Kernel parameters beside the usual ones.</param>
    /// <param name="memoryMebibytes">Its memory.</param>
    /// <param name="secondDisk">Image of a disk that it may write to, /dev/vdb.</param>
    public static Machine Start(
        GuestKernel kernel, string commandLine = "", int memoryMebibytes = 1024, string? secondDisk = null)
    {
        Machine machine = new(kernel, commandLine, memoryMebibytes, secondDisk);
        try
        {
            machine.AwaitBoot();
            return machine;
        }
        catch
        {
            machine.Dispose();
            throw;
        }
    }

    /// <summary>Runs a script of the shell in the machine and returns what it wrote; it has to succeed.</summary>
    /// <param name="script">Its text; every command has to succeed.</param>
    /// <param name="seconds">Its time limit.</param>
    public string Run(string script, int seconds = 120)
    {
        ToolResult result = Try("set -e\n" + script, seconds);
        if (result.ExitCode == 0) return result.Output;
        throw Failure($"{script}: exit status {result.ExitCode}\n{result.Output}");
    }

    /// <summary>Runs a script in the machine and returns how it ended, output and errors together.</summary>
    /// <inheritdoc cref="Run"/>
    public ToolResult Try(string script, int seconds = 120)
    {
        int number = agent.Send(script, seconds);
        StringBuilder output = new();
        int status = 0;
        Await(script, seconds + 60, () => agent.TryTakeResult(number, output, out status));
        return new ToolResult(status, Encoding.UTF8.GetString(Convert.FromBase64String(output.ToString())), "");
    }

    /// <summary>Has the next kernel loaded, as an operator does: <c>kexec -l</c>.</summary>
    /// <param name="next">The kernel.</param>
    /// <param name="commandLine">Its parameters beside the usual ones.</param>
    /// <param name="how">-s for kexec_file_load(2), -c for kexec_load(2).</param>
    public void Load(GuestKernel next, string commandLine = "", string how = "-s") => Run(
        $"cd /disk/boot/{next.Name}; kexec {how} -l kernel --initrd=initial --command-line='{Full(commandLine)}'");

    /// <summary>Goes over to the kernel that is loaded, at once: nothing is told, ended or written before.</summary>
    public void Execute()
    {
        agent.Send("kexec -e -x -y", 60);
        AwaitBoot();
    }

    /// <summary>A warm reset by sysrq-b, as after a crash: the first kernel boots again, in memory as it was.</summary>
    public void Reset()
    {
        agent.Send("echo b >/proc/sysrq-trigger", 60);
        AwaitBoot();
    }

    /// <summary>A failure of a test, with what the machine said last.</summary>
    public XunitException Failure(string message)
    {
        string errors = "";
        lock (emulator)
        {
            if (File.Exists(ErrorPath)) errors = File.ReadAllText(ErrorPath);
        }

        string console = string.Join('\n', Console.Split('\n').Where(line => !GuestLoad.IsReport(line)));
        return new XunitException($"{message}\n-- the machine's console --\n{Tail(console)}\n{errors}");
    }

    public void Dispose()
    {
        if (!emulator.HasExited) emulator.Kill(entireProcessTree: true);
        emulator.WaitForExit();
        emulator.Dispose();
        Directory.Delete(home, recursive: true);
    }

    private static string Full(string commandLine) =>
        commandLine.Length == 0 ? Parameters : $"{Parameters} {commandLine}";

    private static string Tail(string text) => text.Length <= TailCharacters ? text : "..." + text[^TailCharacters..];

    private void AwaitBoot() => Await("boot", BootSeconds, agent.TryTakeBoot);

    private void Await(string what, int seconds, Func<bool> isThere)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!isThere())
        {
            if (agent.IsClosed) throw Failure($"{what}: the emulator ended");
            if (Console.Contains("Kernel panic", StringComparison.Ordinal)) throw Failure($"{what}: the kernel died");
            if (watch.Elapsed.TotalSeconds > seconds) throw Failure($"{what}: no end after {seconds} s");
        }
    }
}
