namespace PersistFs.Engine.Tests.Golden;

/// <summary>
/// Numbers at places of the golden arena and image of format version 1. Offsets and meanings are those of FORMAT.md;
/// nothing here is computed from the structs.
/// </summary>
internal static partial class Version1Bytes
{
    public static IEnumerable<GoldenBytes> Arena => [.. Head, .. Files, .. Workers];

    public static IReadOnlyList<GoldenBytes> Image { get; } =
    [
        // Section 15: header
        new(0x8, 4, 0x1, "version"),
        new(0xC, 4, 0x200000, "frame size"),
        new(0x10, 8, 0xBEEB8DA1658EEC67, "UUID"),
        new(0x18, 8, 0x910A2DEC89025CC1, "UUID, second half"),
        new(0x20, 8, 0x0, "incompatible features"),
        new(0x28, 8, 0x20, "FrameCountMax"),
        new(0x30, 8, 0x2000, "FrameTableCapacity"),
        new(0x38, 8, 0x5, "times opened"),
        new(0x40, 8, 0x18ECBD5C1B11D659, "moment"),
        new(0x48, 8, 0xC, "entries"),
        new(0x50, 8, 0x558000, "IndexOffset"),
        new(0x58, 8, 0x4A2A8C36B66B7C3, "checksum of the index"),
        new(0x60, 8, 0x55A000, "bytes"),
        new(0x68, 8, 0x557, "blocks"),
        new(0x70, 8, 0x0, "reserved"),
        new(0xFF8, 8, 0x36391BFE8925BB9, "checksum"),

        // Index
        new(0x558000, 8, 0x0, "entry 0: frame"),
        new(0x558008, 8, 0x7000, "position"),
        new(0x558010, 8, 0xB7BA879163FA99AB, "checksum"),
        new(0x558018, 8, 0x0, "reserved"),
        new(0x558020, 8, 0x71F, "bitmap"),
        new(0x558060, 8, 0x1, "entry 1: frame"),
        new(0x558068, 8, 0x1000, "position"),
        new(0x558070, 8, 0xDABB5128F47A839D, "checksum"),
        new(0x558078, 8, 0x0, "reserved"),
        new(0x558080, 8, 0xF, "bitmap"),

        // Trailer
        new(0x559000, 8, 0x4954534953524550, "magic"),
        new(0x559FF8, 8, 0x36391BFE8925BB9, "checksum"),
    ];
}
