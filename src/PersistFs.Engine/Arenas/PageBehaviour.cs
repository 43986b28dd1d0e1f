namespace PersistFs.Engine.Arenas;

/// <summary>In what units the kernel maps the memory of an arena, and so how long it takes to let it go.</summary>
public enum PageBehaviour
{
    /// <summary>In small pages, or in the large ones that the kernel happens to find.</summary>
    Small,

    /// <summary>In large pages if the setting of the machine for memory without a file system allows it.</summary>
    AsConfigured,

    /// <summary>In large units always.</summary>
    Large,

    /// <summary>In pages of the page cache, which the kernel writes back to a disk.</summary>
    WrittenBack,
}
