namespace PersistFs.Engine.Volumes;

/// <summary>
/// What fallocate(2) is to do, as linux/falloc.h numbers it; no bit means to allocate and to grow the file.
/// </summary>
[Flags]
public enum FallocateMode
{
    Allocate = 0,

    /// <summary>The size stays, whatever is allocated past it.</summary>
    KeepSize = 0x1,

    /// <summary>The range becomes a hole; only together with <see cref="KeepSize"/>.</summary>
    PunchHole = 0x2,

    /// <summary>The range is allocated and reads as zero.</summary>
    ZeroRange = 0x10,
}
