using PersistFs.Fuse.Abi;

namespace PersistFs.Fuse.Negotiation;

/// <summary>What both sides agreed on at INIT; it holds for the life of the connection, over all its servers.</summary>
/// <param name="Minor">Protocol revision: 7.<paramref name="Minor"/>.</param>
/// <param name="Flags">What was offered and chosen.</param>
/// <param name="MaxWriteInBytes">The most bytes in one WRITE; request buffers have room for it.</param>
/// <param name="MaxReadaheadInBytes">The most the kernel reads ahead.</param>
/// <param name="PagesMax">The most pages of 4 KiB in one request.</param>
/// <param name="MaxBackground">How many background requests may be under way at once.</param>
/// <param name="CongestionThreshold">From how many of those on the kernel calls the filesystem congested.</param>
public sealed record Negotiated(
    uint Minor,
    InitFlags Flags,
    uint MaxWriteInBytes,
    uint MaxReadaheadInBytes,
    ushort PagesMax,
    ushort MaxBackground,
    ushort CongestionThreshold)
{
    /// <summary>FUSE_KERNEL_VERSION.</summary>
    public const uint Major = 7;

    /// <summary>The oldest revision spoken: Linux 5.4.</summary>
    public const uint MinorMin = 31;

    /// <summary>The newest revision known.</summary>
    public const uint MinorMax = 46;

    /// <summary>Whether <paramref name="flag"/> was offered and chosen.</summary>
    public bool Has(InitFlags flag) => (Flags & flag) != 0;

    /// <summary>Chooses from what the kernel offers.</summary>
    /// <param name="offer">The kernel's INIT, of version 7.<see cref="MinorMin"/> at least.</param>
    /// <param name="options">What is wanted.</param>
    internal static Negotiated Choose(in InitIn offer, SessionOptions options)
    {
        InitFlags offered = (InitFlags)offer.Flags;
        if ((offered & InitFlags.InitExtended) != 0) offered |= (InitFlags)((ulong)offer.Flags2 << 32);
        return new Negotiated(
            Math.Min(offer.Minor, MinorMax),
            offered & options.WantedFlags,
            options.MaxWriteInBytes,
            offer.MaxReadaheadInBytes,
            options.PagesMax,
            options.MaxBackground,
            options.CongestionThreshold);
    }

    /// <summary>Tells the kernel.</summary>
    internal void FillReply(ref InitOut reply)
    {
        reply.Major = Major;
        reply.Minor = Minor;
        reply.MaxReadaheadInBytes = MaxReadaheadInBytes;
        reply.Flags = (uint)Flags;
        reply.Flags2 = (uint)((ulong)Flags >> 32);
        reply.MaxBackground = MaxBackground;
        reply.CongestionThreshold = CongestionThreshold;
        reply.MaxWriteInBytes = MaxWriteInBytes;
        reply.TimeGranularityInNanoseconds = 1;
        reply.MaxPages = PagesMax;
    }
}
