using PersistFs.Server.Failures;

namespace PersistFs.Server.Control;

/// <summary>Carries an order out, on a thread of its own, and returns its results.</summary>
/// <param name="order">What was asked for, and the way back to the client.</param>
/// <exception cref="FailureException">It cannot be done; the client is told why.</exception>
public delegate string[] ControlHandler(ControlRequest order);
