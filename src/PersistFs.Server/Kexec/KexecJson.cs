using System.Text.Json.Serialization;

namespace PersistFs.Server.Kexec;

/// <summary>Writes and reads what belongs to a kexec, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LoadedKernel))]
[JsonSerializable(typeof(KexecRecord))]
[JsonSerializable(typeof(PreparedTree))]
[JsonSerializable(typeof(FinishedTree))]
public sealed partial class KexecJson : JsonSerializerContext;
