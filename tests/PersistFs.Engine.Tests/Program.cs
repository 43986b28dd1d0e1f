using PersistFs.Engine.Testing.Corruption;
using PersistFs.Engine.Tests.Golden;
using Xunit.Runner.InProc.SystemConsole;

namespace PersistFs.Engine.Tests;

/// <summary>The entry point of the test assembly: the runner of its tests, or a child process of one.</summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments.Length == 4 && arguments[0] == FuzzRun.Command) return FuzzRun.Main(arguments.AsSpan(1));
        if (arguments.Length == 2 && arguments[0] == GoldenMaker.Command) return GoldenMaker.Run(arguments[1]);
        return ConsoleRunner.Run(arguments).GetAwaiter().GetResult();
    }
}
