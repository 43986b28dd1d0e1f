
namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>One thread that changes a directory of its own until the server dies or it is told to end.</summary>
internal sealed class KillStressWorker
{
    private readonly string root;
    private readonly KillStressModel model;
    private KillStressOperation? interrupted;
    private Thread? thread;
    private Exception? failure;
    private volatile bool isEnding;
    private int completed;

    public KillStressWorker(string root, int seed)
    {
        this.root = root;
        model = new KillStressModel(seed);
        Succeeds(Syscall.mkdir(root, Mode(755)));
    }

    /// <summary>Calls that have succeeded so far.</summary>
    public int Completed => Volatile.Read(ref completed);

    /// <summary>Whether the thread has come upon something that is neither success nor the server's end.</summary>
    public bool HasFailed => Volatile.Read(ref failure) != null;

    public void Start()
    {
        isEnding = false;
        thread = new Thread(() => failure = Record.Exception(Run));
        thread.Start();
    }

    /// <summary>Ends the thread, which finishes or abandons the call it is in.</summary>
    public void End()
    {
        isEnding = true;
        thread!.Join();
        Assert.Null(failure);
    }

    /// <summary>The tree is what the completed calls made; the interrupted call is done, or it is not.</summary>
    public void AssertTreeIsAsExpected()
    {
        List<string> actual = model.DescribeActual(root, interrupted?.Torn);
        if (interrupted != null)
        {
            if (!actual.SequenceEqual(model.Describe(interrupted.Torn))) interrupted.Apply();
            AssertSame(model.Describe(interrupted.Torn), actual, $"neither before nor after {interrupted.Name}");
            if (interrupted.Torn != null) AdoptTornContent(interrupted, interrupted.Torn);
            interrupted = null;
        }
        else
        {
            AssertSame(model.Describe(null), actual, "the tree is not what completed calls made");
        }
    }

    private void Run()
    {
        while (!isEnding)
        {
            KillStressOperation operation = model.Next();
            interrupted = operation;
            Errno errno = operation.Execute(root);
            if (IsEndOfServer(errno)) return;
            Assert.True(errno == operation.Expected, $"{operation.Name}: {errno}, not {operation.Expected}");
            operation.Apply();
            interrupted = null;
            Volatile.Write(ref completed, completed + 1);
        }
    }

    /// <summary>Every byte is the old one or the new one, and the size is between the old and the new.</summary>
    private void AdoptTornContent(KillStressOperation operation, KillStressNode torn)
    {
        byte[] before = torn.Content;
        operation.Apply();
        byte[] after = torn.Content, actual = File.ReadAllBytes(root + model.PathOf(torn));
        Assert.InRange(actual.Length, before.Length, after.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            bool isOld = actual[i] == (i < before.Length ? before[i] : 0);
            if (!isOld && actual[i] != after[i]) Assert.Fail($"byte {i} is neither old nor new after {operation.Name}");
        }

        torn.Content = actual;
    }

    private static bool IsEndOfServer(Errno errno) =>
        errno is Errno.ENOTCONN or Errno.ECONNABORTED or Errno.EIO or Errno.ENODEV;

    public static void AssertSame(List<string> expected, List<string> actual, string message)
    {
        if (expected.SequenceEqual(actual)) return;
        Assert.Fail($"{message}\nexpected:\n{string.Join('\n', expected.Except(actual))}\n" +
                    $"actual:\n{string.Join('\n', actual.Except(expected))}");
    }
}
