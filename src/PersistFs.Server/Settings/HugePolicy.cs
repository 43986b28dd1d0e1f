namespace PersistFs.Server.Settings;

/// <summary>tmpfs's huge= (admin-guide/mm/transhuge.rst): when an arena on tmpfs is given huge pages.</summary>
public enum HugePolicy
{
    Never,
    Always,
    WithinSize,
    Advise,
}
