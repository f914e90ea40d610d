using Callwatch.Spans;
using Callwatch.Store.Sqlite;

namespace Callwatch.Store.Rows;

/// <summary>
/// Reads of spans what a drawing of their trace shows: place in the tree, times, names, outcome, and of calls model, tokens and cost. Everything
/// else of the <see cref="Span"/> is left as if unknown; the JSON beside the columns is read only for a call without a row of its own.
/// </summary>
internal static class SpanOutline
{
    /// <summary>To be selected from <see cref="SpanRows.FromSpans"/>.</summary>
    public const string Columns = """
        s.tenant, s.app, s.span, s.parent, s.kind, s.outcome, s.name, s.display, s.start, s."end", s.duration, s.http_status, s.error_type, s.error_group,
        s.merged_into, s.number, s."offset", c.id, c.ttft, c.source, c.provider, c.model, c.input_tokens, c.output_tokens, c.total_tokens, c.cache_read, c.cost,
        CASE WHEN c.id IS NULL AND instr(s.thin, '"call":') > 0 THEN s.thin END
        """;

    public static (Span Span, SpanVersion Version) Read(Statement row, IWords words, TraceId trace)
    {
        var (name, display) = (row.Long(6), row.Long(7));
        var span = new Span
        {
            TenantId = (int)row.Long(0),
            AppId = (int)row.Long(1),
            TraceId = trace,
            SpanId = new SpanId(unchecked((ulong)row.Long(2))),
            ParentSpanId = new SpanId(unchecked((ulong)row.Long(3))),
            Kind = (SpanKind)row.Long(4),
            Outcome = (Outcome)row.Long(5),
            Name = words.Word(name),
            DisplayName = words.Word(display),
            Start = new Timestamp(row.Long(8)),
            End = new Timestamp(row.Long(9)),
            DurationNanoseconds = row.NullableLong(10),
            HttpStatus = (int?)row.NullableLong(11),
            Error = Word(row, 12, words) is { } type ? new SpanError { Type = type, Group = Word(row, 13, words) ?? "other" } : null,
            MergedInto = row.NullableLong(14) is { } merged ? new SpanId(unchecked((ulong)merged)) : null,
            Call = !row.IsNull(17) ? Call(row, words) : row.IsNull(27) ? null : ThinFacts.Parse(row.Text(27)).Call?.ToCall(),
        };
        return (span, new SpanVersion(row.Long(15), (int)row.Long(16)));
    }

    private static LlmCall Call(Statement row, IWords words)
    {
        var (provider, model) = (Word(row, 20, words), Word(row, 21, words));
        return new LlmCall
        {
            Source = (CallSource)row.Long(19),
            TtftNanoseconds = row.NullableLong(18),
            Provider = provider,
            ProviderRaw = provider,
            ResponseModel = model,
            Usage = new TokenUsage { Input = row.NullableLong(22), Output = row.NullableLong(23), Total = row.NullableLong(24), CacheRead = row.NullableLong(25) },
            Cost = new CallCost { TotalUsd = Money.ToUsd(row.NullableLong(26)) },
        };
    }

    private static string? Word(Statement row, int column, IWords words) => row.NullableLong(column) is { } id ? words.Word(id) : null;
}
