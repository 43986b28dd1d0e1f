
namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>One call, as it is made and as it is expected to change the tree.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Execute">Makes the call on paths below the given directory; 0, or why it failed.</param>
/// <param name="Apply">Makes the change in the model.</param>
/// <param name="Torn">The file whose bytes may be partly old and partly new when the call is interrupted.</param>
/// <param name="Expected">Why it is refused; default for a call that has to succeed.</param>
internal sealed record KillStressOperation(
    string Name, Func<string, Errno> Execute, Action Apply, KillStressNode? Torn = null, Errno Expected = default);
