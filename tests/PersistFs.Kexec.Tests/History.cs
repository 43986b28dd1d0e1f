using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace PersistFs.Kexec.Tests;

/// <summary>
/// One machine's life in stages, since booting is dear: each fact asks for the stage it is about, and what must come
/// before comes before. A stage that failed fails its own fact with the cause, and those behind it with its name.
/// </summary>
public abstract class History : IDisposable
{
    private readonly List<(string Name, Action Run)> stages = [];
    private int reached;
    private ExceptionDispatchInfo? failure;

    /// <summary>Lives until the stage called as the calling fact is over.</summary>
    public void Reach([CallerMemberName] string name = "")
    {
        int index = stages.FindIndex(stage => stage.Name == name);
        Assert.True(index >= 0, $"no stage is called {name}");
        while (failure == null && reached <= index)
        {
            try
            {
                stages[reached].Run();
                reached++;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        }

        if (reached > index) return;
        if (reached == index) failure!.Throw();
        Assert.Fail($"it was not reached, for this failed before: {stages[reached].Name}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what was started.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Adds the next stage.</summary>
    protected void Then(string name, Action run) => stages.Add((name, run));
}
