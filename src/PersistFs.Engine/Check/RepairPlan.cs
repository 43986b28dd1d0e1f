namespace PersistFs.Engine.Check;

/// <summary>The repairs that one check has come to, by stage.</summary>
internal sealed class RepairPlan
{
    /// <summary>Of more than this, the rest is found again by the check that follows.</summary>
    private const int KeptPerStageMax = 50_000;

    private readonly List<Repair>[] stages = [.. Enum.GetValues<RepairStage>().Select(_ => new List<Repair>())];

    /// <summary>The repairs of each stage in the order in which stages go.</summary>
    public IEnumerable<IReadOnlyList<Repair>> Stages => stages;

    public void Add(Repair repair)
    {
        List<Repair> stage = stages[(int)repair.Stage];
        if (stage.Count < KeptPerStageMax) stage.Add(repair);
    }
}
