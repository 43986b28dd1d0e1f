using System.Text.Json.Serialization;

namespace PersistFs.Server.Control;

/// <summary>Writes and reads lines of words, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ControlJson : JsonSerializerContext;
