using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Status;

/// <summary>The words for values of a report: those that its JSON has.</summary>
public static class StatusWords
{
    public static string ToWord(this ServerState state) => Word(state, StatusJson.Default.ServerState);

    public static string ToWord(this DescriptorStoreKind kind) => Word(kind, StatusJson.Default.DescriptorStoreKind);

    public static string ToWord(this CacheMode mode) => Word(mode, StatusJson.Default.CacheMode);

    private static string Word<T>(T value, JsonTypeInfo<T> type) =>
        JsonSerializer.SerializeToElement(value, type).GetString() ?? "";
}
