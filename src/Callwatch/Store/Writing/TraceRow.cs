using Callwatch.Spans;
using Callwatch.Store.Rows;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Writing;

/// <summary>A trace as a whole: a function of the set of its judged spans.</summary>
internal sealed record TraceRow
{
    /// <summary>Most names of each kind kept beside a trace.</summary>
    private const int MostNames = 50;

    /// <summary>For <see cref="Read"/>.</summary>
    public const string Columns =
        """trace, tenant, app, start, "end", outcome, kind, name, user, session, environment, span_count, call_count, error_count, total_tokens, cost, received, number, whole, thin""";

    /// <summary>The span its name, owner and outcome come from; read back, with no more than that.</summary>
    public required Span Root { get; init; }
    public required Timestamp Start { get; init; }
    public required Timestamp End { get; init; }
    public required string? User { get; init; }
    public required string? Session { get; init; }
    public required int SpanCount { get; init; }
    public required int CallCount { get; init; }
    public required int ErrorCount { get; init; }
    public required long? TotalTokens { get; init; }
    public required long? CostPico { get; init; }
    public required Timestamp ReceivedAt { get; init; }
    public required long Number { get; init; }
    public required bool IsWhole { get; init; }
    public required byte[] Thin { get; init; }

    public static TraceRow Of(TraceState trace, List<(SpanState State, Span Judged, bool Counts)> judged)
    {
        var tally = new Tally();
        Span? root = null, user = null, session = null, tagged = null;
        var (start, end, received, number) = (judged[0].Judged.Start, judged[0].Judged.End, judged[0].State.ReceivedAt, 0L);
        var (errors, roots) = (0, 0);
        foreach (var (state, span, counts) in judged)
        {
            if (span.Start < start) start = span.Start;
            if (span.End > end) end = span.End;
            if (state.ReceivedAt > received) received = state.ReceivedAt;
            number = Math.Max(number, state.Version.Number);
            if (span.Outcome == Outcome.Error && span.MergedInto is null) errors++;
            if (span.ParentSpanId.IsNone || !trace.Spans.ContainsKey(span.ParentSpanId))
            {
                roots++;
                if (root is null || IsRootBefore(span, root)) root = span;
            }

            if (span.UserId is not null && (user is null || IsBefore(span, user))) user = span;
            if (span.SessionId is not null && (session is null || IsBefore(span, session))) session = span;
            if (span.Tags.Count > 0 && (tagged is null || IsBefore(span, tagged))) tagged = span;
            tally.Add(span, counts);
        }

        // Spans that are each other's parents have no root; the earliest stands in for it.
        root ??= judged.Select(span => span.Judged).Aggregate((a, b) => IsBefore(b, a) ? b : a);
        return new TraceRow
        {
            Root = root,
            Start = start,
            End = end,
            User = root.UserId ?? user?.UserId,
            Session = root.SessionId ?? session?.SessionId,
            SpanCount = judged.Count,
            CallCount = tally.Calls,
            ErrorCount = errors,
            TotalTokens = tally.Total,
            CostPico = tally.Cost,
            ReceivedAt = received,
            Number = number,
            IsWhole = roots == 1 && root.ParentSpanId.IsNone,
            Thin = tally.Thin(root, root.Tags.Count > 0 ? root.Tags : tagged?.Tags ?? []),
        };
    }

    public static TraceRow Read(SqliteDataReader row, IWords words)
    {
        long? Number(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
        string? Word(int column) => row.IsDBNull(column) ? null : words.Word(row.GetInt64(column));
        var thin = row.GetString(19);
        var root = new Span
        {
            TenantId = row.GetInt32(1),
            AppId = row.GetInt32(2),
            TraceId = SpanRows.Trace(row, 0),
            SpanId = SpanId.TryParse(TraceThin.Parse(thin).Root, null, out var id) ? id : default,
            Name = words.Word(row.GetInt64(7)),
            DisplayName = words.Word(row.GetInt64(7)),
            Kind = (SpanKind)row.GetByte(6),
            Outcome = (Outcome)row.GetByte(5),
            Start = new Timestamp(row.GetInt64(3)),
            End = new Timestamp(row.GetInt64(4)),
            Environment = Word(10),
        };
        return new TraceRow
        {
            Root = root,
            Start = root.Start,
            End = root.End,
            User = Word(8),
            Session = Word(9),
            SpanCount = row.GetInt32(11),
            CallCount = row.GetInt32(12),
            ErrorCount = row.GetInt32(13),
            TotalTokens = Number(14),
            CostPico = Number(15),
            ReceivedAt = new Timestamp(row.GetInt64(16)),
            Number = row.GetInt64(17),
            IsWhole = row.GetInt64(18) != 0,
            Thin = System.Text.Encoding.UTF8.GetBytes(thin),
        };
    }

    /// <summary>The row of a trace too long to be seen whole, after some of its spans have changed: counts and times move, the rest stays.</summary>
    public TraceRow With(TraceChange change) => this with
    {
        Start = change.Start < Start ? change.Start : Start,
        End = change.End > End ? change.End : End,
        SpanCount = SpanCount + change.Spans,
        CallCount = CallCount + change.Calls,
        ErrorCount = ErrorCount + change.Errors,
        TotalTokens = change.Tokens == 0 ? TotalTokens : (TotalTokens ?? 0) + change.Tokens,
        CostPico = change.CostPico == 0 ? CostPico : (CostPico ?? 0) + change.CostPico,
        ReceivedAt = change.ReceivedAt > ReceivedAt ? change.ReceivedAt : ReceivedAt,
        Number = Math.Max(Number, change.Number),
    };

    /// <summary>True when writing the one over the other would change nothing.</summary>
    public bool Says(TraceRow other) =>
        Root.SpanId == other.Root.SpanId && Root.AppId == other.Root.AppId && Root.Outcome == other.Root.Outcome && Root.Kind == other.Root.Kind
        && Root.DisplayName == other.Root.DisplayName && Root.Environment == other.Root.Environment
        && Start == other.Start && End == other.End && User == other.User && Session == other.Session && SpanCount == other.SpanCount
        && CallCount == other.CallCount && ErrorCount == other.ErrorCount && TotalTokens == other.TotalTokens && CostPico == other.CostPico
        && ReceivedAt == other.ReceivedAt && Number == other.Number && IsWhole == other.IsWhole && Thin.AsSpan().SequenceEqual(other.Thin);

    // A span without a parent before one whose parent has not come.
    private static bool IsRootBefore(Span a, Span b) =>
        a.ParentSpanId.IsNone == b.ParentSpanId.IsNone ? IsBefore(a, b) : a.ParentSpanId.IsNone;

    private static bool IsBefore(Span a, Span b) => a.Start == b.Start ? a.SpanId.CompareTo(b.SpanId) < 0 : a.Start < b.Start;

    private sealed class Tally
    {
        private SortedSet<int>? apps;
        private int app;
        private SortedSet<string>? models;
        private long? input, output, cacheRead, cacheWrite, reasoning, audioInput, audioOutput;

        public int Calls { get; private set; }
        public long? Total { get; private set; }
        public long? Cost { get; private set; }

        public void Add(Span span, bool counts)
        {
            if (app == 0) app = span.AppId;
            if (span.AppId != app) (apps ??= [app]).Add(span.AppId);
            if (!counts || span.Call is not { } call) return;
            Calls++;
            if (call.Model is { } model && (models ??= new SortedSet<string>(StringComparer.Ordinal)).Add(model) && models.Count > MostNames) models.Remove(models.Max!);
            Total = Sum(Total, call.Usage.Total);
            Cost = Sum(Cost, Money.ToPico(call.Cost.TotalUsd));
            input = Sum(input, call.Usage.Input);
            output = Sum(output, call.Usage.Output);
            cacheRead = Sum(cacheRead, call.Usage.CacheRead);
            cacheWrite = Sum(cacheWrite, call.Usage.CacheWrite);
            reasoning = Sum(reasoning, call.Usage.Reasoning);
            audioInput = Sum(audioInput, call.Usage.AudioInput);
            audioOutput = Sum(audioOutput, call.Usage.AudioOutput);
        }

        public byte[] Thin(Span root, IReadOnlyList<string> tags) => new TraceThin
        {
            Apps = apps is null ? [app] : [.. apps],
            Models = models is null ? null : [.. models],
            Tags = tags.Count == 0 ? null : tags,
            InputTokens = input,
            OutputTokens = output,
            CacheRead = cacheRead,
            CacheWrite = cacheWrite,
            Reasoning = reasoning,
            AudioInput = audioInput,
            AudioOutput = audioOutput,
            ErrorType = root.Error?.Type,
            ErrorGroup = root.Error?.Group,
            ErrorMessage = root.Error?.Message,
            Root = root.SpanId.ToString(),
        }.ToJson();

        private static long? Sum(long? sum, long? part) => part is null ? sum : (sum ?? 0) + part;
    }
}
