using PersistFs.Server.Paths;

namespace PersistFs.Server.Kexec;

/// <summary>An arena in memory comes back after a kexec, or does not: as its server sees it.</summary>
public static class KexecReturn
{
    /// <summary>Puts the record of the arena away where a unit brings the tree back.</summary>
    /// <param name="mountPoint">Where the arena is served.</param>
    /// <param name="arena">Its name.</param>
    /// <returns>Whether the arena was to come from the last kernel.</returns>
    public static bool Settle(string mountPoint, string arena)
    {
        if (KexecRecord.Find(mountPoint) is not { Route: KexecRoute.LiveUpdate } record) return false;
        if (record.Arena != arena || record.BootId == BootIdentity.Current) return false;
        // Of a tree without a unit it is `kexec finish` that compares, and puts the record away.
        if (record.Unit is not null) KexecRecord.Remove(mountPoint);
        return true;
    }
}
