using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PersistFs.Server.Serving;

/// <summary>Options of a library's services that are known when those are made, and never change.</summary>
/// <remarks>
/// The usual options are composed by a dozen generic types each, which the runtime has to build first: a third of what
/// a server takes to start, while clients wait for it.
/// </remarks>
/// <typeparam name="TOptions">The options.</typeparam>
/// <param name="value">What they are, under whichever name.</param>
internal sealed class FixedOptions<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
    TOptions value) : IOptions<TOptions>, IOptionsMonitor<TOptions>
    where TOptions : class
{
    public TOptions Value => value;

    public TOptions CurrentValue => value;

    public TOptions Get(string? name) => value;

    /// <summary>They never change.</summary>
    public IDisposable? OnChange(Action<TOptions, string?> listener) => null;

    /// <summary>Gives them to services that take them either way.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton<IOptions<TOptions>>(this);
        services.AddSingleton<IOptionsMonitor<TOptions>>(this);
    }
}
