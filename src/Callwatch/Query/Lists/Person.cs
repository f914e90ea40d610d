using Callwatch.Control;
using Callwatch.Spans;
using Callwatch.Store;

namespace Callwatch.Query.Lists;

/// <summary>A session or a user while its calls are being added up.</summary>
internal sealed class Person
{
    /// <summary>Others remembered of one: a name that everybody shares must not fill the memory.</summary>
    private const int MostOthers = 10_000;

    private readonly SortedSet<int> apps = [];
    private readonly HashSet<string> others = new(StringComparer.Ordinal);
    private long calls, errors, tokens, first = long.MaxValue;
    private Int128 cost;

    public long Last { get; private set; } = long.MinValue;

    public bool HasCalls => calls > 0;

    public void Add(int app, Outcome outcome, string? other, long callTokens, long callCost, long end)
    {
        calls++;
        if (outcome == Outcome.Error) errors++;
        apps.Add(app);
        if (other is not null && others.Count < MostOthers) others.Add(other);
        tokens += callTokens;
        cost += callCost;
        first = Math.Min(first, end);
        Last = Math.Max(Last, end);
    }

    public PersonSummary ToSummary(string id, bool isUser, Apps names) => new(
        id, [.. apps.Select(names.NameOf).Order(StringComparer.Ordinal)], isUser ? id : others.Order(StringComparer.Ordinal).FirstOrDefault(),
        isUser ? others.Count : 1, calls, errors, tokens, Money.ToUsd(cost), new Timestamp(first), new Timestamp(Last));
}
