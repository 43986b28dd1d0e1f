using System.Net.Sockets;
using System.Text;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;

namespace PersistFs.Server.Tests.Control;

/// <summary>What is said over a server's socket, whoever is at the other end.</summary>
public sealed class StatusSocketTests : IDisposable
{
    private const int PatienceInMilliseconds = 30_000;

    private static readonly StatusReport Report = new()
    {
        ProcessId = 1,
        State = ServerState.Serving,
        Arena = "/arena",
        Backing = "tmpfs",
        Uuid = "",
        Generation = 7,
        Session = 1,
        Takeovers = 0,
        BytesUsed = 0,
        BytesMax = 0,
        SizeMax = 0,
        InodesUsed = 0,
        LastRecovery = null,
    };

    private readonly string directory = Directory.CreateTempSubdirectory("persistfs-socket-").FullName;
    private readonly ManualResetEventSlim isAbandoned = new();
    private readonly StatusSocket socket;

    public StatusSocketTests() => socket = new StatusSocket(SocketPath, () => Report, Handlers());

    private Dictionary<string, ControlHandler> Handlers() => new()
    {
        ["echo"] = order => [.. order.Arguments],
        ["steps"] = Step,
        ["refuse"] = _ => throw new FailureException(FailureKind.NoSpace, "cause\twith a tab", "step\nof two lines"),
        ["wait"] = WaitUntilAbandoned,
    };

    private string SocketPath => Path.Combine(directory, "server.sock");

    public void Dispose()
    {
        socket.Dispose();
        Directory.Delete(directory, recursive: true);
        isAbandoned.Dispose();
    }

    [Fact]
    public void An_order_is_answered_with_its_results_whatever_text_they_are()
    {
        string[] texts = ["", "a\tb\nc", "\"\\", "pfad/grün"];
        Assert.Equal(["done", .. texts], Ask(["echo", .. texts])[^1]);
    }

    [Fact]
    public void Progress_and_notes_come_before_the_end() =>
        Assert.Equal([["progress", "1", "2"], ["note", "remark"], ["progress", "2", "2"], ["done"]], Ask("steps"));

    [Fact]
    public void A_refusal_says_what_kind_it_is_why_and_what_to_do() =>
        Assert.Equal(["fail", "NoSpace", "cause\twith a tab", "step\nof two lines"], Ask("refuse")[^1]);

    [Fact]
    public void What_is_no_known_order_is_refused()
    {
        Assert.Equal(["fail", "Usage"], Ask("unheard")[^1][..2]);
        Assert.Equal(["fail", "Usage"], Answers("no json\n")[^1][..2]);
        Assert.Equal(["fail", "Usage"], Answers("[1,2]\n")[^1][..2]);
        Assert.Equal(["fail", "Usage"], Answers(new string('x', ControlLine.LengthMax))[^1][..2]);
    }

    [Fact]
    public void Whoever_asks_for_the_report_or_says_nothing_gets_it()
    {
        Assert.Equal(7UL, StatusClient.TryAsk(SocketPath)!.Generation);
        Assert.Contains("\"generation\":7", Exchange(""), StringComparison.Ordinal);
    }

    [Fact]
    public void An_order_nobody_waits_for_is_given_up()
    {
        using (Socket client = Connect()) client.Send(Encoding.UTF8.GetBytes("[\"wait\"]\n"));
        Assert.True(isAbandoned.Wait(PatienceInMilliseconds));
    }

    [Fact]
    public void A_server_that_ends_gives_its_orders_up()
    {
        using Socket client = Connect();
        client.Send(Encoding.UTF8.GetBytes("[\"wait\"]\n"));
        ControlReader reader = new(client);
        Assert.True(reader.TryRead(out string[] words));
        Assert.Equal(["progress", "begun"], words);
        socket.Dispose();
        Assert.True(isAbandoned.IsSet);
    }

    private string[] WaitUntilAbandoned(ControlRequest order)
    {
        order.Progress("begun");
        while (!order.IsAbandoned) Thread.Sleep(1);
        isAbandoned.Set();
        return [];
    }

    private static string[] Step(ControlRequest order)
    {
        order.Progress("1", "2");
        order.Note("remark");
        order.Progress("2", "2");
        return [];
    }

    private List<string[]> Ask(params string[] words) => Answers(Encoding.UTF8.GetString(ControlLine.Encode(words)));

    private List<string[]> Answers(string request)
    {
        List<string[]> answers = [];
        foreach (string line in Exchange(request).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(ControlLine.TryDecode(Encoding.UTF8.GetBytes(line), out string[] words), line);
            answers.Add(words);
        }
        return answers;
    }

    private string Exchange(string request)
    {
        using Socket client = Connect();
        client.Send(Encoding.UTF8.GetBytes(request));
        using StreamReader reader = new(new NetworkStream(client));
        return reader.ReadToEnd();
    }

    private Socket Connect()
    {
        Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.ReceiveTimeout = PatienceInMilliseconds;
        client.Connect(new UnixDomainSocketEndPoint(SocketPath));
        return client;
    }
}
