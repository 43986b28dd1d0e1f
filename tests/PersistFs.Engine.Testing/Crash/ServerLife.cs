using PersistFs.Engine.Volumes;
using PersistFs.Testing;
using Xunit;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// One server, from the requests it finds to the tree it leaves; and what its successors found and left, each of
/// which took over from a kill at another store.
/// </summary>
/// <param name="before">The arena before the first server.</param>
/// <param name="requests">What this one has to serve.</param>
internal sealed class ServerLife(ServedState before, IReadOnlyList<PendingRequest> requests)
{
    private readonly List<Outcome> outcomes = [];

    /// <summary>
    /// What a successor has left after so many deaths, and its replies: null where one had left before.
    /// </summary>
    private readonly record struct Outcome(
        string Place, int Deaths, ServedState State, IReadOnlyList<RequestReply?> Replies);

    public IReadOnlyList<PendingRequest> Requests => requests;

    /// <summary>The life of a server that takes over now: what was not answered is sent again.</summary>
    public ServerLife Succeed() => new(
        before,
        [.. requests.Where(request => !request.HasLeft).Select(
            request => new PendingRequest(request.Request, request.Path))]);

    /// <summary>
    /// Notes what the successor has left who took over at <paramref name="place"/>, after so many deaths.
    /// </summary>
    public void Note(string place, int deaths, ServerLife successor, ServedState state) => outcomes.Add(new Outcome(
        place, deaths, state,
        [.. requests.Select(
            request => successor.Requests.FirstOrDefault(other => other.Request == request.Request)?.Reply)]));

    /// <summary>Insists that every successor left what this server has left, and answered what it answered.</summary>
    public void Require(Volume volume, ulong seed)
    {
        ServedState state = ServedState.Read(volume);
        foreach (Outcome outcome in outcomes)
        {
            bool isGivenUp = outcome.Replies.Contains(RequestReply.GivenUp);
            // Killed before it had noted the last death, a server does not keep the next from trying once more.
            if (!isGivenUp && requests.Any(request => request.Reply == RequestReply.GivenUp)) continue;
            string? difference = isGivenUp ? FindDifferenceOfGivenUp(in outcome) : FindDifference(in outcome, state);
            Assert.True(difference is null, $"{outcome.Place}: {difference}\n{Seed.Describe(seed)}");
        }
    }

    /// <summary>What was given up has not been done, and not given up too early.</summary>
    private string? FindDifferenceOfGivenUp(in Outcome outcome)
    {
        if (outcome.Deaths < CrashCounts.CrashesMax) return $"the request was given up after {outcome.Deaths} deaths";
        return outcome.State.Tree.FindDifference(before.Tree) ?? outcome.State.Lookups.FindDifference(before.Lookups);
    }

    private string? FindDifference(in Outcome outcome, ServedState state)
    {
        bool isRepeated = false;
        for (int index = 0; index < requests.Count; index++)
        {
            RequestReply? reply = outcome.Replies[index];
            PendingRequest request = requests[index];
            if (reply is not null && reply.Error != Linux.Errno.OK)
            {
                return $"the request was answered with {reply.Error}";
            }
            if (reply is { IsRecalled: true } && !reply.IsSameAs(request.Reply!))
            {
                return "the reply is not that of the execution";
            }
            if (reply is { IsRecalled: false }) isRepeated = true;
            else if (outcome.State.Tree.Below(request.Path).FindDifference(
                state.Tree.Below(request.Path)) is { } changed)
                return $"after a request that was executed before: {changed}";
        }
        string? difference = isRepeated
            ? outcome.State.Tree.WithoutMoment().FindDifference(state.Tree.WithoutMoment())
            : outcome.State.Tree.FindDifference(state.Tree);
        return difference ?? outcome.State.Lookups.FindDifference(state.Lookups);
    }
}
