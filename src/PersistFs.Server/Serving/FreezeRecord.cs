using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using PersistFs.Fuse.Sessions;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Serving;

/// <summary>A freeze as a successor finds it, in a file that is gone with the kernel.</summary>
/// <remarks>
/// It is written when everything that was under way has ended, and removed before anything goes on: while it is there,
/// nothing that the kernel sends again has been executed.
/// </remarks>
/// <param name="Scope">What waits.</param>
/// <param name="WaitMilliseconds">How long a request waits.</param>
/// <param name="Until">
/// When the tree thaws, as a timestamp of Stopwatch: processes of one kernel share its clock.
/// </param>
/// <param name="BootId">The kernel.</param>
/// <param name="Connection">The connection's number.</param>
public sealed record FreezeRecord(
    FreezeScope Scope, double WaitMilliseconds, long Until, Guid BootId, ulong Connection)
{
    [JsonIgnore]
    public TimeSpan Wait => TimeSpan.FromMilliseconds(WaitMilliseconds);

    /// <summary>Until the tree thaws; never below 0.</summary>
    [JsonIgnore]
    public TimeSpan Left
    {
        get
        {
            long ticks = Until - Stopwatch.GetTimestamp();
            return ticks <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(ticks / (double)Stopwatch.Frequency);
        }
    }

    /// <summary>Keeps it for a successor, whole or not at all.</summary>
    /// <exception cref="FailureException">It cannot be written.</exception>
    public void Write(string mountPoint)
    {
        string path = RuntimePaths.FreezeOf(mountPoint);
        try
        {
            byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(this, FreezeJson.Default.FreezeRecord);
            File.WriteAllBytes(path + ".new", bytes);
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.InputOutput, $"{path}: cannot be written: {exception.Message}",
                "make room there, and try again");
        }
    }

    /// <summary>What a predecessor has left of this connection, if it is not over; else null.</summary>
    public static FreezeRecord? Find(string mountPoint, Guid bootId, ulong connection)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(RuntimePaths.FreezeOf(mountPoint));
            FreezeRecord? found = JsonSerializer.Deserialize(bytes, FreezeJson.Default.FreezeRecord);
            bool isMeant = found is not null && found.BootId == bootId && found.Connection == connection;
            return isMeant && found!.Left > TimeSpan.Zero ? found : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public static void Remove(string mountPoint) => File.Delete(RuntimePaths.FreezeOf(mountPoint));
}
