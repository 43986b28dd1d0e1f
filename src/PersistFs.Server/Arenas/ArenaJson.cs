using System.Text.Json.Serialization;

namespace PersistFs.Server.Arenas;

/// <summary>Writes and reads what an arena says of its mount, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(MountRecord))]
internal sealed partial class ArenaJson : JsonSerializerContext;
