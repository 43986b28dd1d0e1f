namespace PersistFs.Kexec.Tests;

/// <summary>A machine's life over several kernels of one kind, with one arena that outlives each of them.</summary>
public abstract class KexecHistory : History
{
    private readonly GuestKernel kernel;
    private readonly string parameters, arena;
    private Machine? machine;
    private GuestTree? tree;
    private string before = "";

    private protected KexecHistory(GuestKernel kernel, string parameters, string arena) =>
        (this.kernel, this.parameters, this.arena) = (kernel, parameters, arena);

    private protected Machine Machine => machine!;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => machine?.Dispose();

    /// <summary>The first boot: a tree is made, filled and described.</summary>
    /// <param name="preparation">What the arena needs before it can be made: a script.</param>
    /// <param name="options">Options of the first <c>up</c>.</param>
    private protected void Begin(string preparation = "", string options = "")
    {
        machine = Machine.Start(kernel, parameters);
        if (preparation.Length > 0) machine.Run(preparation);
        tree = new GuestTree(machine, arena);
        tree.Up(options);
        tree.Fill();
        before = tree.Describe();
    }

    /// <summary>Goes over to the next kernel; all that was there, and every call that returned, is there.</summary>
    /// <param name="isInUse">Whether clients are at work in the tree at that moment.</param>
    /// <param name="goOver">How; kexec with nothing prepared when null.</param>
    /// <param name="isChecked">Whether the arena is also checked in between, without a server.</param>
    private protected void GoOn(bool isInUse, Action? goOver = null, bool isChecked = true)
    {
        GuestLoad load = new(Machine);
        if (isInUse) load.Start();
        if (goOver == null) Kexec(parameters);
        else goOver();
        tree!.Up();
        tree.AssertIs(before);
        if (isInUse) load.AssertKept();
        if (isChecked) Check();
    }

    /// <summary>What `kexec prepare` told of the work that it did.</summary>
    public string Prepared { get; private set; } = "";

    /// <summary>As an operator does it: all is brought to the arena, then clients that change something wait.</summary>
    private protected void GoOnPrepared()
    {
        GuestLoad load = new(Machine);
        load.Start();
        string boot = $"/disk/boot/{kernel.Name}";
        Prepared = Machine.Run($"persistfs kexec prepare --json --load {boot}/kernel --initrd {boot}/initial");
        Machine.Execute();
        Machine.Run("persistfs kexec finish");
        tree!.AssertIs(before);
        load.AssertKept();
        Check();
    }

    /// <summary>Ends the server, has a check find nothing, and serves the arena again.</summary>
    private protected void Check()
    {
        tree!.CheckOffline();
        tree.Up();
    }

    /// <summary>Loads the kernel and goes over to it at once.</summary>
    private protected void Kexec(string commandLine)
    {
        Machine.Load(kernel, commandLine);
        Machine.Execute();
    }
}
