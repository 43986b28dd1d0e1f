using System.Diagnostics;
using System.Globalization;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>
/// A process of its own that kills servers at a chosen instruction (<see cref="TakeoverStressTracer"/>).
/// </summary>
/// <remarks>
/// A client of the tree cannot trace its server: munmap(2) of one of its threads holds the address space locked until
/// the stopped server has written pages back, and the tracer, that would let the server go on, may need that lock.
/// </remarks>
internal sealed class TakeoverStressTracerProcess : IDisposable
{
    /// <summary>The argument with which the test assembly, run as a program, is such a process.</summary>
    public const string Command = "trace";

    private readonly Process process = Process.Start(new ProcessStartInfo(
        "dotnet", [typeof(TakeoverStressTracerProcess).Assembly.Location, Command])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        WorkingDirectory = "/",
    })!;

    /// <summary>Kills a server in one of its workers; returns when it is dead.</summary>
    /// <param name="server">The process.</param>
    /// <param name="worker">Which worker: any number, taken modulo how many there are.</param>
    /// <param name="instructions">How many instructions after read(2) of a request.</param>
    public void Kill(int server, int worker, int instructions)
    {
        process.StandardInput.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{server} {worker} {instructions}"));
        string? answer = process.StandardOutput.ReadLine();
        Assert.True(answer == "dead", $"the tracer of server {server} answered {answer ?? "nothing"}");
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>The process itself: an order a line on standard input, until that ends.</summary>
    public static int Obey()
    {
        while (Console.ReadLine() is { } line)
        {
            int[] order = [.. line.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
            TakeoverStressTracer.Kill(order[0], order[1], order[2]);
            Console.WriteLine("dead");
        }

        return 0;
    }
}
