namespace PersistFs.Server.Descriptors;

/// <summary>How the kinds of descriptor store are called in the environment and in the report's JSON.</summary>
internal static class DescriptorStoreName
{
    public const string None = "none";
    public const string Systemd = "systemd";
    public const string Supervisor = "keeper";
}
