using System.Text.Json.Serialization;

namespace PersistFs.Server.Serving;

/// <summary>Writes and reads <see cref="FreezeRecord"/>, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(FreezeRecord))]
internal sealed partial class FreezeJson : JsonSerializerContext;
