using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>A request that must be executed once.</summary>
/// <param name="Name">What is asked for, for the test's name.</param>
/// <param name="Prepare">
/// Makes what it needs below the directory it is given, and returns the request itself, which knows inodes and no
/// paths.
/// </param>
internal sealed record RequestCase(string Name, Func<VolumeUser, string, Func<Volume, Worker, RequestReply>> Prepare)
{
    /// <summary>Whether it puts inodes on pending lists that it makes.</summary>
    public bool UsesAnyPendingList { get; init; }

    /// <summary>Whether it is a rename from one directory to another.</summary>
    public bool MovesBetweenDirectories { get; init; }
}
