namespace PersistFs.Server.Settings;

/// <summary>How the policies are written.</summary>
public static class HugePolicyExtensions
{
    /// <summary>The value of huge= that stands for <paramref name="policy"/>.</summary>
    public static string ToOption(this HugePolicy policy) => policy switch
    {
        HugePolicy.Never => "never",
        HugePolicy.Always => "always",
        HugePolicy.WithinSize => "within_size",
        _ => "advise",
    };
}
