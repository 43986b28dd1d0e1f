using System.Globalization;
using System.Text;
using PersistFs.Linux;

namespace PersistFs.Server.Supervision;

/// <summary>The supervisor's end of the pipe through which `up` learns how the start went.</summary>
/// <remarks>Lines of a word, a tab and text: "note", then either "ready" or "fail" with its next step.</remarks>
public sealed class ReadinessPipe : IDisposable
{
    private int descriptor;

    /// <param name="descriptor">The pipe; -1 when nobody listens.</param>
    public ReadinessPipe(int descriptor)
    {
        this.descriptor = descriptor;
        // What this process starts must not hold the pipe open.
        if (descriptor >= 0) Libc.SetCloseOnExec(descriptor, closes: true);
    }

    /// <summary>Something the operator may want to know.</summary>
    public void Note(string text) => Send($"{SupervisorVerb.Note}\t{SupervisorVerb.OneLine(text)}");

    /// <summary>The mount answers.</summary>
    public void Ready()
    {
        Send(SupervisorVerb.Ready);
        Dispose();
    }

    /// <summary>The server cannot start.</summary>
    /// <param name="message">Why.</param>
    /// <param name="nextStep">What can be done.</param>
    /// <param name="exitCode">What it ended with; null where the supervisor ends with a code of its own.</param>
    public void Fail(string message, string nextStep, int? exitCode = null)
    {
        string code = exitCode?.ToString(CultureInfo.InvariantCulture) ?? "";
        Send($"{SupervisorVerb.Fail}\t{SupervisorVerb.OneLine(message)}\t{SupervisorVerb.OneLine(nextStep)}\t{code}");
        Dispose();
    }

    public void Dispose()
    {
        if (descriptor >= 0) Libc.Close(descriptor);
        descriptor = -1;
    }

    private void Send(string line)
    {
        if (descriptor < 0) return;
        // Nobody may be left to read it, and that is no reason not to serve.
        Libc.Write(descriptor, Encoding.UTF8.GetBytes(line + "\n"), out _);
    }
}
