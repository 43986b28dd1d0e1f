using System.Text.Json.Serialization;

namespace PersistFs.Server.Status;

/// <summary>Writes and reads <see cref="StatusReport"/> and <see cref="StatusRates"/>, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(StatusRates))]
public sealed partial class StatusJson : JsonSerializerContext;
