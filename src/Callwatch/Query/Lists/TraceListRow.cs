using Callwatch.Control;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Rows;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>A row of <c>traces</c>: the trace as its whole tenant sees it.</summary>
internal sealed record TraceListRow(
    TraceId TraceId, int AppId, Timestamp Start, Timestamp End, long? Duration, Outcome Outcome, SpanKind Kind, string Name, string? User, string? Session, string? Environment,
    int SpanCount, int CallCount, int ErrorCount, long? TotalTokens, decimal? CostUsd, Timestamp ReceivedAt, bool IsWhole, TraceThin Thin)
{
    public const string Columns = """
        t.trace, t.app, t.start, t."end", t.duration, t.outcome, t.kind, t.name, t.user, t.session, t.environment, t.span_count, t.call_count, t.error_count,
        t.total_tokens, t.cost, t.received, t.whole, t.thin
        """;

    public const int ColumnCount = 19;

    // A root that has ended and a moment of silence, or a longer silence, make a trace whole (architecture, section 7).
    private static readonly TimeSpan QuietAfterRoot = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(60);

    public static TraceListRow Read(SqliteDataReader row, IWords words)
    {
        TraceId.TryRead(row.GetFieldValue<byte[]>(0), out var id);
        return new TraceListRow(
            id, row.GetInt32(1), new Timestamp(row.GetInt64(2)), new Timestamp(row.GetInt64(3)), row.IsDBNull(4) ? null : row.GetInt64(4),
            (Outcome)row.GetByte(5), (SpanKind)row.GetByte(6), words.Word(row.GetInt64(7)), Word(row, 8, words), Word(row, 9, words),
            Word(row, 10, words), row.GetInt32(11), row.GetInt32(12), row.GetInt32(13), row.IsDBNull(14) ? null : row.GetInt64(14),
            row.IsDBNull(15) ? null : Money.ToUsd(row.GetInt64(15)), new Timestamp(row.GetInt64(16)), row.GetInt64(17) != 0, TraceThin.Parse(row.GetString(18)));
    }

    public bool IsOnlyOf(int appId) => Thin.Apps is [var one] && one == appId;

    /// <summary>A good guess, while nobody who settles traces can tell.</summary>
    public bool MayBeSettled(Timestamp now) => (IsWhole && ReceivedAt.Plus(QuietAfterRoot) <= now) || ReceivedAt.Plus(Quiet) <= now;

    public TraceSummary ToSummary(Apps apps, bool settled) => new()
    {
        TraceId = TraceId,
        Name = Name,
        Kind = Kind,
        App = apps.NameOf(AppId),
        Apps = [.. Thin.Apps.Select(apps.NameOf).Order(StringComparer.Ordinal)],
        Start = Start,
        End = End,
        DurationNanoseconds = Duration,
        Outcome = Outcome,
        Error = Thin.Error,
        UserId = User,
        SessionId = Session,
        Tags = Thin.Tags ?? [],
        SpanCount = SpanCount,
        CallCount = CallCount,
        ErrorCount = ErrorCount,
        Usage = new TokenUsage
        {
            Input = Thin.InputTokens,
            Output = Thin.OutputTokens,
            Total = TotalTokens,
            CacheRead = Thin.CacheRead,
            CacheWrite = Thin.CacheWrite,
            Reasoning = Thin.Reasoning,
            AudioInput = Thin.AudioInput,
            AudioOutput = Thin.AudioOutput,
        },
        CostUsd = CostUsd,
        Models = Thin.Models ?? [],
        Settled = settled,
    };

    private static string? Word(SqliteDataReader row, int column, IWords words) => row.IsDBNull(column) ? null : words.Word(row.GetInt64(column));
}
