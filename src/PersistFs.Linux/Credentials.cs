namespace PersistFs.Linux;

/// <summary>Who makes a call: the identities a FUSE request header carries.</summary>
public readonly record struct Credentials(uint UserId, uint GroupId, uint ProcessId)
{
    public static readonly Credentials Root;
}
