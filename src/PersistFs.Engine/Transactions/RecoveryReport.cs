namespace PersistFs.Engine.Transactions;

/// <summary>What the last process had in flight when it ended, and what became of it.</summary>
/// <param name="RolledBack">Transactions that had not committed and were undone.</param>
/// <param name="Completed">Transactions that had committed and whose frees were finished.</param>
/// <param name="Milliseconds">How long all of recovery took.</param>
public readonly record struct RecoveryReport(int RolledBack, int Completed, double Milliseconds);
