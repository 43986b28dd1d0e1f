using PersistFs.EndToEnd.Tests.TakeOver;

namespace PersistFs.EndToEnd.Tests;

/// <summary>Where the test assembly begins when it is run as a program: as the child process of a test.</summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments is [TakeoverStressTracerProcess.Command]) return TakeoverStressTracerProcess.Obey();
        Console.Error.WriteLine("Run the tests with tests/run, or with dotnet test.");
        return 64;
    }
}
