using PersistFs.EndToEnd.Tests.TakeOver;
using Xunit.Runner.InProc.SystemConsole;

namespace PersistFs.EndToEnd.Tests;

/// <summary>The entry point of the test assembly: the runner of its tests, or a child process of one.</summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments is [TakeoverStressTracerProcess.Command]) return TakeoverStressTracerProcess.Obey();
        return ConsoleRunner.Run(arguments).GetAwaiter().GetResult();
    }
}
