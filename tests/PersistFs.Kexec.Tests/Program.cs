using System.Diagnostics;
using Xunit.Runner.InProc.SystemConsole;

namespace PersistFs.Kexec.Tests;

/// <summary>The entry point of the test assembly: the runner of its tests, or a test host to be killed.</summary>
public static class Program
{
    /// <summary>Starts an emulator of no machine, says its process, and waits to be killed.</summary>
    public const string Command = "emulate";

    public static int Main(string[] arguments)
    {
        if (arguments is not [Command]) return ConsoleRunner.Run(arguments).GetAwaiter().GetResult();

        using Process emulator = Emulator.Start("/", "-machine", "none", "-nodefaults", "-display", "none");
        Console.WriteLine(emulator.Id);
        emulator.WaitForExit();
        return 1;
    }
}
