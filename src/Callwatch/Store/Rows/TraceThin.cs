using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Store.Rows;

/// <summary>What lists show of a trace and no column has, as JSON in <c>traces.thin</c>.</summary>
public sealed record TraceThin
{
    /// <summary>Numbers of all apps with a span in the trace, ascending.</summary>
    public IReadOnlyList<int> Apps { get; init; } = [];

    /// <summary>Models of its calls, in alphabetical order.</summary>
    public IReadOnlyList<string>? Models { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public long? CacheRead { get; init; }
    public long? CacheWrite { get; init; }
    public long? Reasoning { get; init; }
    public long? AudioInput { get; init; }
    public long? AudioOutput { get; init; }
    public string? ErrorType { get; init; }
    public string? ErrorGroup { get; init; }
    public string? ErrorMessage { get; init; }

    /// <summary>The span the trace's name comes from.</summary>
    public string? Root { get; init; }

    public static TraceThin Parse(string json) => JsonSerializer.Deserialize(json, RowJson.Default.TraceThin) ?? new TraceThin();

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, RowJson.Compact.TraceThin);

    public SpanError? Error => ErrorType is null ? null : new SpanError { Type = ErrorType, Group = ErrorGroup ?? "other", Message = ErrorMessage };
}
