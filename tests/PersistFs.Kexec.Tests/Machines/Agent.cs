using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace PersistFs.Kexec.Tests.Machines;

/// <summary>The other machine's agent, reached through its second serial port: Guest/agent has the protocol.</summary>
/// <remarks>One thread asks; another one reads what the agent says, until the port is closed.</remarks>
internal sealed class Agent
{
    private static readonly TimeSpan TakingMax = TimeSpan.FromSeconds(5);

    private readonly StreamWriter toAgent;
    private readonly BlockingCollection<string> heard = [];
    private readonly Stopwatch sinceSent = new();
    private string? notTaken;
    private int number;

    /// <param name="toAgent">Writes to the port.</param>
    /// <param name="fromAgent">Reads from the port.</param>
    public Agent(StreamWriter toAgent, StreamReader fromAgent)
    {
        this.toAgent = toAgent;
        new Thread(() => Listen(fromAgent)) { IsBackground = true }.Start();
    }

    /// <summary>Whether the port is closed: the machine has ended.</summary>
    public bool IsClosed => heard.IsCompleted;

    /// <summary>Sends a script without waiting for its end.</summary>
    /// <returns>Its number, for <see cref="TryTakeResult"/>.</returns>
    public int Send(string script, int seconds)
    {
        string text = Convert.ToBase64String(Encoding.UTF8.GetBytes(script));
        // The port's line discipline keeps 4095 bytes for a reader that is busy.
        if (text.Length > 3900) throw new ArgumentException("too long: make it a file below Guest", nameof(script));
        notTaken = string.Create(CultureInfo.InvariantCulture, $"{++number} {seconds} {text.Length} {text}\n");
        SendLine(notTaken);
        return number;
    }

    /// <summary>Waits, for a second at most, until an agent of a machine that just booted tells of itself.</summary>
    public bool TryTakeBoot()
    {
        if (!TryHear(out string? line) || line != "boot") return false;
        notTaken = null;
        return true;
    }

    /// <summary>Waits, for a second at most, for the next line; true once a script's result is complete.</summary>
    /// <param name="sent">The script's number.</param>
    /// <param name="output">Collects the output, in base64.</param>
    /// <param name="status">The script's exit status; 137 when its time was over.</param>
    public bool TryTakeResult(int sent, StringBuilder output, out int status)
    {
        status = 0;
        if (!TryHear(out string? line)) return false;
        if (line == "boot") throw new Xunit.Sdk.XunitException("the machine booted while a script was running");
        string[] words = line.Split(' ');
        if (words[0] is not ("begin" or "end")) output.Append(line);
        else if (words[1] != sent.ToString(CultureInfo.InvariantCulture)) output.Clear();
        else if (words[0] == "end") return int.TryParse(words[2], CultureInfo.InvariantCulture, out status);
        return false;
    }

    /// <summary>Waits, for a second at most, for a line that is not about the taking of scripts.</summary>
    private bool TryHear([NotNullWhen(true)] out string? line)
    {
        bool isHeard = heard.TryTake(out line, TimeSpan.FromSeconds(1));
        if (isHeard && line!.StartsWith("took ", StringComparison.Ordinal))
        {
            if (line == string.Create(CultureInfo.InvariantCulture, $"took {number}")) notTaken = null;
            return false;
        }

        // After the end of whatever has come of the line.
        if (notTaken is not null && sinceSent.Elapsed > TakingMax) SendLine("\n" + notTaken);
        return isHeard;
    }

    private void SendLine(string line)
    {
        sinceSent.Restart();
        try
        {
            toAgent.Write(line);
            toAgent.Flush();
        }
        catch (IOException)
        {
            // The machine ended, and who listens says so.
        }
    }

    private void Listen(StreamReader fromAgent)
    {
        try
        {
            while (fromAgent.ReadLine() is { } line)
            {
                // What the firmware and a half-finished line before a reset leave behind stands before the word.
                if (line.EndsWith("boot", StringComparison.Ordinal)) heard.Add("boot");
                else if (line.Trim('\0', '\r') is { Length: > 0 } text) heard.Add(text);
            }
        }
        catch (IOException)
        {
            // The machine ended.
        }

        heard.CompleteAdding();
    }
}
