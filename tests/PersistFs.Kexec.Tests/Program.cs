using System.Diagnostics;

namespace PersistFs.Kexec.Tests;

/// <summary>Where the test assembly begins when it is run as a program: as a test host that is to be killed.</summary>
public static class Program
{
    /// <summary>Starts an emulator of no machine, says its process, and waits to be killed.</summary>
    public const string Command = "emulate";

    public static int Main(string[] arguments)
    {
        if (arguments is not [Command])
        {
            Console.Error.WriteLine("Run the tests with tests/run, or with dotnet test.");
            return 64;
        }

        using Process emulator = Emulator.Start("/", "-machine", "none", "-nodefaults", "-display", "none");
        Console.WriteLine(emulator.Id);
        emulator.WaitForExit();
        return 1;
    }
}
