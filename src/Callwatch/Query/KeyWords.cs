using Callwatch.Query.Running;
using Callwatch.Search.Documents;
using Callwatch.Search.Words;
using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Query;

/// <summary>Traces by the ids their records carry (message, workflow run, node), through the full-text index; where it is off, none are found this way.</summary>
internal static class KeyWords
{
    private const int Most = 20;

    /// <summary>Latest days first.</summary>
    public static IReadOnlyList<TraceId> Traces(QueryRun run, ReadScope scope, string key)
    {
        if (run.Words is not { } words || WordQuery.All(Marks.Of(scope.TenantId, scope.OnlyAppId), [key], []) is not { } query) return [];
        var found = new List<TraceId>();
        foreach (var day in run.Partitions.Select(partition => Partition.DayOf(partition.From)).Distinct().OrderDescending())
        {
            run.Check();
            foreach (var hit in words.Hits(query).All(day) ?? [])
                if (!found.Contains(hit.Trace)) found.Add(hit.Trace);
            if (found.Count >= Most) break;
        }

        return found;
    }
}
