using System.Text.Json.Nodes;

namespace Callwatch.Forward.Desk;

/// <summary>Stands for a kind that this version does not know: a newer one has stored it. It is kept, and never runs.</summary>
internal sealed class UnknownKind(string name) : IDestinationKind
{
    public string Name => name;

    public string Title => name;

    public IReadOnlyList<DestinationField> Fields => [];

    public bool Deduplicates => false;

    public string Problem => $"This version knows no platform '{name}'; the one that stored it does.";

    public ConfigResult Normalize(JsonObject config, OutboundRules rules) => new ConfigResult.Wrong("kind", Problem);

    public IDestination Create(JsonObject config, DestinationContext context) => throw new InvalidOperationException("A destination of a kind that is not known is never run.");
}

/// <summary>The kinds there are, by name.</summary>
internal sealed class Kinds(IEnumerable<IDestinationKind> kinds)
{
    private readonly Dictionary<string, IDestinationKind> byName = kinds.ToDictionary(kind => kind.Name, StringComparer.Ordinal);

    public IReadOnlyList<IDestinationKind> All { get; } = [.. kinds.OrderBy(kind => kind.Title, StringComparer.OrdinalIgnoreCase)];

    public IDestinationKind? Find(string name) => byName.GetValueOrDefault(name);

    public IDestinationKind Of(string name) => Find(name) ?? new UnknownKind(name);
}
