using System.Runtime.CompilerServices;
using Xunit.v3;

namespace PersistFs.Kexec.Tests.Machines;

/// <summary>A fact about the product in another machine; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MachineFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IFactAttribute
{
    /// <summary>Whether the kernel is the one with the Live Update Orchestrator instead of Debian's.</summary>
    public bool LiveUpdate { get; set; }

    /// <summary>Whether the fact is proved in long runs only.</summary>
    public bool OnlyInLongRuns { get; set; }

    /// <inheritdoc/>
    string? IFactAttribute.Skip => Skip ?? Machine.Missing ?? Wanted.Missing ?? TooLong;

    private GuestKernel Wanted => LiveUpdate ? GuestKernel.LiveUpdate : GuestKernel.Debian;

    private string? TooLong => OnlyInLongRuns && !Requirements.IsLongRun
        ? $"takes long; {Requirements.LongRunVariable}=1 or tests/run --long asks for it"
        : null;
}
