using System.Text.Json.Serialization;

namespace PersistFs.Server.Status;

/// <summary>How a server and its tree are; the attributes have the words of JSON and of messages.</summary>
public enum ServerState
{
    /// <summary>No server has the arena.</summary>
    [JsonStringEnumMemberName("offline")]
    Offline,

    /// <summary>A process has the arena that answers no question: a check, or a server that hangs.</summary>
    [JsonStringEnumMemberName("in use")]
    InUse,

    /// <summary>Requests are answered.</summary>
    [JsonStringEnumMemberName("serving")]
    Serving,

    /// <summary>Requests that change the tree wait.</summary>
    [JsonStringEnumMemberName("frozen")]
    Frozen,

    /// <summary>Damage was found: the tree can be read only.</summary>
    [JsonStringEnumMemberName("read-only")]
    ReadOnly,

    /// <summary>The connection has ended, or is about to.</summary>
    [JsonStringEnumMemberName("stopping")]
    Stopping,
}
