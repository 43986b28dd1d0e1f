namespace PersistFs.Server.Health;

/// <summary>One promise, and whether it holds here.</summary>
/// <param name="Promise">What is promised, in two or three words.</param>
/// <param name="HealthStatus">Whether it holds.</param>
/// <param name="Reason">Why, or why not.</param>
/// <param name="NextStep">What can be done about it; null when nothing has to be.</param>
public sealed record HealthCheck(string Promise, HealthStatus Status, string Reason, string? NextStep = null);
