namespace PersistFs.Engine.Volumes;

/// <summary>Flags of renameat2(2) (linux/fs.h).</summary>
[Flags]
public enum RenameMode
{
    Replace = 0,

    /// <summary>EEXIST if the new name exists.</summary>
    NoReplace = 1,

    /// <summary>The two names change places.</summary>
    Exchange = 2,

    /// <summary>A character device 0, 0 takes the old name.</summary>
    Whiteout = 4,
}
