using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;

namespace Callwatch.Query;

/// <summary>Traces and their spans.</summary>
public sealed class TraceQueries(QueryGate gate, Scopes scopes, SpanBodies bodies)
{
    /// <summary>Most spans of a trace at a time; also the default.</summary>
    public const int MaxSpans = 10_000;

    /// <summary>One page, in the order asked for; traces have no time to first token.</summary>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="cursor"><see cref="Page{T}.Next"/> of the page before; it keeps that page's range.</param>
    public async Task<Answer<Page<TraceSummary>>> ListAsync(Selection selection, SortOrder sort, int limit, string? cursor, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<TraceSummary>>(selection);
        if (asked is null) return invalid!;
        if (sort.Field == SortField.Ttft) return new Answer<Page<TraceSummary>>.Invalid("sort", "Traces are ordered by end, duration, cost or total_tokens.");
        var (paging, wrong) = Paging.Read<TraceSummary>(asked, sort, limit, cursor);
        if (paging is null) return wrong!;
        return await gate.AnswerAsync(selection.Scope, run => Read(run, asked, sort, limit, paging) is { } page ? new Answer<Page<TraceSummary>>.Found(page) : Paging.Gone<TraceSummary>(), cancel);
    }

    /// <summary>Null when no trace of this tenant (and app) has the id.</summary>
    /// <param name="limit">1 to <see cref="MaxSpans"/>.</param>
    /// <exception cref="TimeoutException">The disk is too slow to answer in time.</exception>
    public async Task<TraceView?> FindAsync(ReadScope scope, TraceId id, int limit, string? cursor, CancellationToken cancel)
    {
        var after = cursor is not null && TryReadCursor(cursor, out var place) ? place : ((Timestamp, SpanId)?)null;
        var answer = await gate.AnswerAsync(scope, run => new Answer<TraceView?>.Found(Find(run, scope, id, Math.Clamp(limit, 1, MaxSpans), after)), cancel);
        return answer is Answer<TraceView?>.Found found ? found.Value : throw new TimeoutException("The trace could not be read in time.");
    }

    /// <summary>
    /// The same from its beginning, for a drawing: spans without previews, tags, metadata, scores, notes, the words of errors, and of calls
    /// only model, tokens, cost and time to first token. Null when no trace of this tenant (and app) has the id.
    /// </summary>
    /// <param name="limit">1 to <see cref="MaxSpans"/>.</param>
    /// <exception cref="TimeoutException">The disk is too slow to answer in time.</exception>
    public async Task<TraceView?> FindOutlineAsync(ReadScope scope, TraceId id, int limit, CancellationToken cancel)
    {
        var answer = await gate.AnswerAsync(scope, run => new Answer<TraceView?>.Found(Outline(run, scope, id, Math.Clamp(limit, 1, MaxSpans))), cancel);
        return answer is Answer<TraceView?>.Found found ? found.Value : throw new TimeoutException("The trace could not be read in time.");
    }

    /// <summary>Null when no span of this tenant (and app) has the ids.</summary>
    /// <exception cref="TimeoutException">The disk is too slow to answer in time.</exception>
    public async Task<SpanDetails?> FindSpanAsync(ReadScope scope, TraceId traceId, SpanId spanId, CancellationToken cancel)
    {
        var answer = await gate.AnswerAsync(scope, run => new Answer<SpanDetails?>.Found(bodies.Find(run, scope, traceId, spanId)), cancel);
        return answer is Answer<SpanDetails?>.Found found ? found.Value : throw new TimeoutException("The span could not be read in time.");
    }

    /// <summary>False for what no <see cref="TraceView.Next"/> can have been.</summary>
    public static bool IsCursor(string text) => TryReadCursor(text, out _);

    private Page<TraceSummary>? Read(QueryRun run, Asked asked, SortOrder sort, int limit, Paging paging)
    {
        var page = new ListReader<TraceListRow>(run, asked, sort, limit, paging.Cursor, paging.Question, Shape(run, asked)).Read();
        return page is null ? null : new Page<TraceSummary>([.. page.Items.Select(row => scopes.Summary(asked.Selection.Scope, row, run))], page.Next, page.Newer, page.SearchedUntil, page.Source) { RowsFrom = page.RowsFrom, TextLeftOut = page.TextLeftOut };
    }

    private ListShape<TraceListRow> Shape(QueryRun run, Asked asked)
    {
        var filter = new TraceConditions(asked, scopes);
        var several = run.Partitions.GroupBy(partition => partition.Day).Where(day => day.Count() > 1).Select(day => day.Key).ToHashSet();
        return new ListShape<TraceListRow>
        {
            Table = "traces t",
            Alias = "t",
            Columns = TraceListRow.Columns,
            From = "JOIN traces t ON t.id = p.id",
            ColumnCount = TraceListRow.ColumnCount,
            Read = TraceListRow.Read,
            Key = field => field switch
            {
                SortField.Duration => "t.duration",
                SortField.Cost => "t.cost",
                SortField.TotalTokens => "t.total_tokens",
                SortField.Ttft => null,
                _ => "t.\"end\"",
            },
            Index = field => field switch
            {
                SortField.Duration => "traces_duration",
                SortField.Cost => "traces_cost",
                SortField.TotalTokens => "traces_tokens",
                _ => null,
            },
            IsCheap = _ => filter.IsOfTraceAlone,
            CanMatch = filter.CanMatch,
            IsNarrow = filter.IsNarrow,
            Condition = sql => filter.AddTo(sql, several.Contains(sql.Open.Partition.Day)),
            Keep = (row, open) => Keep(run, asked, filter, row, open.Partition, several),
        };
    }

    private TraceListRow? Keep(QueryRun run, Asked asked, TraceConditions filter, TraceListRow row, Partition partition, HashSet<DateOnly> several)
    {
        var scope = asked.Selection.Scope;
        if (scope.OnlyAppId is { } only && !row.IsOnlyOf(only))
        {
            var spans = VisibleTrace.Spans(run, scope, row.TraceId);
            return VisibleTrace.Summary(scope.TenantId, spans) is { } visible
                && filter.Holds(visible, [.. spans.Select(span => (span.Span, span.IsCall))], scopes.Apps) ? visible : null;
        }

        var elsewhere = row.Start < partition.From || several.Contains(partition.Day);
        return !elsewhere || filter.HoldsElsewhere(row, run) ? row : null;
    }

    private TraceView? Find(QueryRun run, ReadScope scope, TraceId id, int limit, (Timestamp, SpanId)? after)
    {
        var spans = VisibleTrace.Spans(run, scope, id, after, limit + 1);
        var more = spans.Count > limit;
        if (Visible(run, scope, id, after is null && !more ? spans : null) is not { } row) return null;
        // It was stored between the two.
        if (spans.Count == 0 && after is null) spans = VisibleTrace.Spans(run, scope, id, after, limit + 1);
        more = spans.Count > limit;
        if (more) spans.RemoveRange(limit, spans.Count - limit);
        var held = scopes.Held(scope.TenantId);
        return new TraceView(
            scopes.Summary(scope, row, run), [.. spans.Select(held.Now)], more, more ? Cursor(spans[^1].Span) : null);
    }

    private TraceView? Outline(QueryRun run, ReadScope scope, TraceId id, int limit)
    {
        if (Visible(run, scope, id, all: null) is not { } row) return null;
        var spans = VisibleTrace.Outline(run, scope, id, limit + 1);
        var more = spans.Count > limit;
        if (more) spans.RemoveRange(limit, spans.Count - limit);
        return new TraceView(scopes.Summary(scope, row, run), spans, more, more ? Cursor(spans[^1]) : null);
    }

    /// <summary>The trace as this asker may see it.</summary>
    /// <param name="all">All its visible spans, when they have been read already.</param>
    private static TraceListRow? Visible(QueryRun run, ReadScope scope, TraceId id, List<SpanRow>? all) =>
        Summary(run, scope, id) is { } row && (scope.OnlyAppId is not { } only || row.IsOnlyOf(only))
            ? row : VisibleTrace.Summary(scope.TenantId, all ?? VisibleTrace.Spans(run, scope, id));

    /// <summary>The row of the whole trace: one, or for a moment, when it has just moved, the later of two.</summary>
    internal static TraceListRow? Summary(QueryRun run, ReadScope scope, TraceId id)
    {
        TraceListRow? latest = null;
        foreach (var partition in run.MayHold(id))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            using var command = open.Reader.Command($"SELECT {TraceListRow.Columns} FROM traces t WHERE t.trace = $trace AND t.tenant = $tenant");
            command.Parameters.AddWithValue("$trace", id.ToBytes());
            command.Parameters.AddWithValue("$tenant", scope.TenantId);
            using var row = command.ExecuteReader();
            if (row.Read() && TraceListRow.Read(row, open.Reader) is var found && (latest is null || found.SpanCount > latest.SpanCount)) latest = found;
        }

        return latest;
    }

    private static string Cursor(Span last)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, last.Start.UnixNanoseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], last.SpanId.Value);
        return Base64Url.EncodeToString(bytes);
    }

    private static bool TryReadCursor(string text, out (Timestamp Start, SpanId Span) place)
    {
        Span<byte> bytes = stackalloc byte[16];
        place = default;
        if (text.Length > 32 || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != 16) return false;
        place = (new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes)), new SpanId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..])));
        return true;
    }
}
