using PersistFs.Engine.Tests.Golden;
using PersistFs.Testing.Corruption;

namespace PersistFs.Engine.Tests;

/// <summary>Where the test assembly begins when it is run as a program: as the child process of a test.</summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments.Length == 4 && arguments[0] == FuzzRun.Command) return FuzzRun.Main(arguments.AsSpan(1));
        if (arguments.Length == 2 && arguments[0] == GoldenMaker.Command) return GoldenMaker.Run(arguments[1]);
        Console.Error.WriteLine("Run the tests with tests/run, or with dotnet test.");
        return 64;
    }
}
