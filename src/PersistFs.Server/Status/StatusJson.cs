using System.Text.Json.Serialization;
using PersistFs.Server.Arenas;
using PersistFs.Server.Kexec;
using PersistFs.Server.Serving;

namespace PersistFs.Server.Status;

/// <summary>
/// Writes and reads <see cref="StatusReport"/>, <see cref="StatusRates"/>, and lines of words, without reflection.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(StatusRates))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(FreezeRecord))]
[JsonSerializable(typeof(LoadedKernel))]
[JsonSerializable(typeof(KexecRecord))]
[JsonSerializable(typeof(MountRecord))]
[JsonSerializable(typeof(PreparedTree))]
[JsonSerializable(typeof(FinishedTree))]
public sealed partial class StatusJson : JsonSerializerContext;
