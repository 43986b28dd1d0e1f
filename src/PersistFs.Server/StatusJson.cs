using System.Text.Json.Serialization;

namespace PersistFs.Server;

/// <summary>Writes and reads <see cref="StatusReport"/>, and lines of words, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(string[]))]
public sealed partial class StatusJson : JsonSerializerContext;
