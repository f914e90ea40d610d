using System.Runtime.CompilerServices;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Query.Stats;

/// <summary>How many calls each group has, and nothing else of them: so many more can be held than with their figures.</summary>
internal sealed class GroupCounts : ITakeFigures<StrongBox<long>>
{
    private const int Most = 1_000_000;

    public Dictionary<string, StrongBox<long>> Groups { get; } = new(StringComparer.Ordinal);

    public bool OnlyCalls => true;

    public bool TakesPeople => false;

    public StrongBox<long>? Group(string?[] key)
    {
        var name = StatsReader.NameOf(key);
        if (Groups.TryGetValue(name, out var count)) return count;
        if (Groups.Count >= Most) throw new TimeIsUpException();
        return Groups[name] = new StrongBox<long>();
    }

    public void Take(StrongBox<long> group, long unixSeconds, Outcome outcome, in RollupFigures figures) => group.Value += figures.Calls;

    public void TakePeople(StrongBox<long> group, long unixSeconds, int? user, int? session)
    {
        // Counted once it is known which groups are the greatest.
    }
}
