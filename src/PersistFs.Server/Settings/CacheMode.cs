using System.Text.Json.Serialization;

namespace PersistFs.Server.Settings;

/// <summary>When what a client writes reaches the arena.</summary>
public enum CacheMode
{
    /// <summary>Before write(2) returns.</summary>
    [JsonStringEnumMemberName("writethrough")]
    WriteThrough,

    /// <summary>
    /// When the kernel writes its page cache back: at fsync(2), msync(2), close(2), or some time later.
    /// </summary>
    [JsonStringEnumMemberName("writeback")]
    WriteBack,
}
