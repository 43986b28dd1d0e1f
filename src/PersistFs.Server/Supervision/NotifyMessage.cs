using System.Globalization;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>
/// What a server tells its supervisor in one datagram (sd_notify(3)); unknown lines are passed over.
/// </summary>
internal sealed record NotifyMessage
{
    public bool IsReady { get; private init; }

    public bool IsStandby { get; private init; }

    /// <summary>The connection has ended and was meant to: nothing is to be started again.</summary>
    public bool IsStopping { get; private init; }

    /// <summary>The descriptors that came are to be stored under <see cref="Name"/>.</summary>
    public bool Stores { get; private init; }

    /// <summary>What is stored under <see cref="Name"/> is to be closed.</summary>
    public bool Removes { get; private init; }

    public string Name { get; private init; } = "";

    /// <summary>
    /// Which <see cref="SupervisorState.Version"/> the sender's program takes; null where it does not say.
    /// </summary>
    public int? StateVersion { get; private init; }

    /// <summary>
    /// A session of the last kernel that is to be taken and stored under <see cref="Name"/>; null for none.
    /// </summary>
    public string? Session { get; private init; }

    /// <summary>Something for the operator.</summary>
    public string? Note { get; private init; }

    /// <summary>Why the server cannot start.</summary>
    public string? Failure { get; private init; }

    /// <summary>What the operator can do about <see cref="Failure"/>.</summary>
    public string NextStep { get; private init; } = "";

    public static NotifyMessage Parse(string text)
    {
        NotifyMessage message = new();
        foreach (string line in text.Split('\n'))
        {
            message = line switch
            {
                NotifyField.Ready => message with { IsReady = true },
                NotifyField.Standby => message with { IsStandby = true },
                NotifyField.Stopping => message with { IsStopping = true },
                NotifyField.Store => message with { Stores = true },
                NotifyField.Remove => message with { Removes = true },
                _ => message.WithValue(line),
            };
        }
        return message;
    }

    private NotifyMessage WithValue(string line)
    {
        if (line.StartsWith(NotifyField.Name, StringComparison.Ordinal))
        {
            return this with { Name = line[NotifyField.Name.Length..] };
        }
        if (line.StartsWith(NotifyField.Note, StringComparison.Ordinal))
        {
            return this with { Note = line[NotifyField.Note.Length..] };
        }
        if (line.StartsWith(NotifyField.Session, StringComparison.Ordinal))
        {
            return this with { Session = line[NotifyField.Session.Length..] };
        }
        if (line.StartsWith(NotifyField.StateVersion, StringComparison.Ordinal))
        {
            string number = line[NotifyField.StateVersion.Length..];
            bool isNumber = int.TryParse(number, CultureInfo.InvariantCulture, out int version);
            return isNumber ? this with { StateVersion = version } : this;
        }
        if (!line.StartsWith(NotifyField.Failure, StringComparison.Ordinal)) return this;
        string[] parts = line[NotifyField.Failure.Length..].Split('\t', 2);
        return this with { Failure = parts[0], NextStep = parts[^1] };
    }
}
