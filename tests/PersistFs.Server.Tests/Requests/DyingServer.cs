using PersistFs.Engine.Arenas;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Testing;

namespace PersistFs.Server.Tests.Requests;

/// <summary>Has a server die in a request, and keeps what it leaves for its successors.</summary>
internal sealed class DyingServer : IDisposable
{
    private readonly List<string> copies = [];
    private readonly List<IDisposable> opened = [];

    /// <summary>Serves a request; of it the server is to die once it was executed, its reply not having left.</summary>
    /// <param name="server">The server. It lives on, since its reply is wanted for comparison.</param>
    /// <param name="path">Its arena.</param>
    /// <param name="unique">The request's number, with the mark of one that is sent again.</param>
    /// <param name="request">The request.</param>
    /// <param name="reply">The reply that did not leave.</param>
    /// <returns>What a successor finds.</returns>
    public Volume DieAfter(
        InlineServer server, string path, ulong unique, KernelRequestBuilder request, out byte[] reply)
    {
        byte[] made = [];
        Volume left = Die(server, path, unique, isExecuted: true, () => made = server.ServeAs(unique, request));
        reply = made;
        return left;
    }

    /// <summary>
    /// As <see cref="DieAfter"/>, but the server dies with the request in hand and nothing of it done.
    /// </summary>
    public Volume DieBefore(InlineServer server, string path, ulong unique, KernelRequestBuilder request) =>
        Die(server, path, unique, isExecuted: false, () => server.ServeAs(unique, request));

    /// <summary>As <see cref="DieBefore"/>, of a request that has no reply.</summary>
    public Volume DieBeforeForget(InlineServer server, string path, ulong unique, KernelRequestBuilder request) =>
        Die(server, path, unique, isExecuted: false, () => server.DispatchAs(unique, request.Build()));

    /// <summary>Opens a copy of what lies at a path, as it is now.</summary>
    public Volume Copy(string path)
    {
        string copy = $"{path}-{copies.Count}";
        copies.Add(copy);
        File.Copy(path, copy);
        Volume volume = Volume.Open(copy, new VolumeOptions());
        opened.Add(volume);
        return volume;
    }

    /// <summary>Where the arena lies that was copied last.</summary>
    public string LastPath => copies[^1];

    public void Dispose()
    {
        foreach (IDisposable volume in opened) volume.Dispose();
        foreach (string copy in copies) File.Delete(copy);
    }

    private Volume Die(InlineServer server, string path, ulong unique, bool isExecuted, Action serve)
    {
        Volume? left = null;
        RequestDeath.Watch(
            server.Volume, unique & ~InHeader.ResendBit, isExecuted, () => left = Copy(path), serve);
        return left ?? throw new InvalidOperationException($"Request {unique} was never in hand.");
    }
}
