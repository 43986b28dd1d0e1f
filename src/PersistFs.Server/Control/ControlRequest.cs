using System.Net.Sockets;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Control;

/// <summary>An order to a server while it is being carried out.</summary>
public sealed class ControlRequest
{
    private readonly Socket client;
    private readonly Func<bool> isEnding;

    private readonly List<int> descriptors;

    /// <param name="words">The order and its arguments.</param>
    /// <param name="client">The way back.</param>
    /// <param name="descriptors">Open files that came with it.</param>
    /// <param name="isEnding">Whether the server is about to end.</param>
    internal ControlRequest(string[] words, Socket client, List<int> descriptors, Func<bool> isEnding)
    {
        this.descriptors = descriptors;
        Word = words[0];
        Arguments = words[1..];
        this.client = client;
        this.isEnding = isEnding;
    }

    public string Word { get; }

    public IReadOnlyList<string> Arguments { get; }

    /// <summary>
    /// Whether the client has gone, or the server is about to end: the order is to stop, and what it has begun is to be
    /// undone. The server waits for that.
    /// </summary>
    public bool IsAbandoned => isEnding() || !client.Connected || HasHungUp();

    /// <summary>Tells the client how far the order has come.</summary>
    /// <returns>False when the client has gone.</returns>
    public bool Progress(params string[] words) => Send([ControlVerb.Progress, .. words]);

    /// <summary>Tells the client something an operator may want to know.</summary>
    public void Note(string text) => Send([ControlVerb.Note, text]);

    /// <summary>Argument <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="FailureException">Usage: there is none.</exception>
    public string Argument(int index) => index < Arguments.Count
        ? Arguments[index]
        : throw new FailureException(
            FailureKind.Usage, $"{Word}: an argument is missing", "use the same version on both sides");

    /// <summary>The open file that came with the order, from now on the caller's to close.</summary>
    /// <exception cref="FailureException">Usage: there is none.</exception>
    public int TakeDescriptor()
    {
        if (descriptors.Count == 0)
        {
            throw new FailureException(
                FailureKind.Usage, $"{Word}: no open file came with it", "use the same version on both sides");
        }
        int descriptor = descriptors[0];
        descriptors.RemoveAt(0);
        return descriptor;
    }

    internal bool Send(params string[] words)
    {
        try
        {
            byte[] line = ControlLine.Encode(words);
            for (int sent = 0; sent < line.Length;)
                sent += client.Send(line, sent, line.Length - sent, SocketFlags.None);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>A client sends one line and nothing after it: what can be read then is its end.</summary>
    private bool HasHungUp()
    {
        try
        {
            return client.Poll(0, SelectMode.SelectRead) && client.Available == 0;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
