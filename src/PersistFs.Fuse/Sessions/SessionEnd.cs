namespace PersistFs.Fuse.Sessions;

/// <summary>How a session ended.</summary>
/// <param name="Reason">What ended it.</param>
/// <param name="Message">The same for people, with what there is to know.</param>
public sealed record SessionEnd(SessionEndReason Reason, string Message);
