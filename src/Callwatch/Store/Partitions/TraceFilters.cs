using System.Collections.Concurrent;
using Callwatch.Spans;

namespace Callwatch.Store.Partitions;

/// <summary>Which partitions a trace may lie in, without opening them.</summary>
internal sealed class TraceFilters
{
    private readonly ConcurrentDictionary<string, TraceFilter> filters = new();

    /// <summary>True where the partition holds the trace, or may; also as long as its filter has not been loaded.</summary>
    public bool MayHold(string file, TraceId trace) => !filters.TryGetValue(file, out var filter) || filter.MayHold(trace);

    public TraceFilter? Find(string file) => filters.GetValueOrDefault(file);

    public void Set(string file, TraceFilter filter) => filters[file] = filter;

    public void Remove(string file) => filters.TryRemove(file, out _);
}
