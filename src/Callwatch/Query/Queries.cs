using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>The LLM calls.</summary>
public sealed class CallQueries
{
    public Task<Answer<Page<Span>>> ListAsync(Selection selection, SortOrder sort, int limit, string? cursor, CancellationToken cancel) =>
        throw new NotSupportedException();
}

/// <summary>Traces and their spans.</summary>
public sealed class TraceQueries
{
    public Task<Answer<Page<TraceSummary>>> ListAsync(Selection selection, SortOrder sort, int limit, string? cursor, CancellationToken cancel) =>
        throw new NotSupportedException();

    /// <summary>Null when no trace of this tenant (and app) has the id.</summary>
    public Task<TraceView?> FindAsync(ReadScope scope, TraceId id, int limit, string? cursor, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<SpanDetails?> FindSpanAsync(ReadScope scope, TraceId traceId, SpanId spanId, CancellationToken cancel) =>
        throw new NotSupportedException();
}

/// <summary>Figures, as a whole and over time.</summary>
public sealed class StatsQueries
{
    public Task<Answer<StatsAnswer>> FiguresAsync(StatsQuestion question, CancellationToken cancel) => throw new NotSupportedException();
}

/// <summary>Known values of a field, most used first.</summary>
public sealed class FacetQueries
{
    public Task<Answer<IReadOnlyList<FacetValue>>> ValuesAsync(string field, string? prefix, Selection selection, int limit, CancellationToken cancel) =>
        throw new NotSupportedException();
}

/// <summary>Groups of failed calls.</summary>
public sealed class ErrorQueries
{
    public Task<Answer<IReadOnlyList<ErrorGroup>>> GroupsAsync(Selection selection, int limit, CancellationToken cancel) =>
        throw new NotSupportedException();
}

/// <summary>Finds out what became of any id.</summary>
public sealed class LookupQueries
{
    public Task<IReadOnlyList<LookupMatch>> FindAsync(ReadScope scope, string id, CancellationToken cancel) => throw new NotSupportedException();
}
