namespace PersistFs.Engine.Volumes;

/// <summary>What lseek(2) looks for, as linux/fs.h numbers it.</summary>
public enum SeekTarget
{
    Data = 3,
    Hole = 4,
}
