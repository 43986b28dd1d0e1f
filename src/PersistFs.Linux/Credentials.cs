namespace PersistFs.Linux;

/// <summary>The caller of an operation: the identities that a FUSE request header carries.</summary>
public readonly record struct Credentials(uint UserId, uint GroupId, uint ProcessId)
{
    public static readonly Credentials Root;
}
