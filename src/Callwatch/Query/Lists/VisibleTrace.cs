using System.Text;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;

namespace Callwatch.Query.Lists;

/// <summary>The spans of a trace that a scope may see, from all partitions, and the trace made of them alone.</summary>
internal static class VisibleTrace
{
    /// <summary>Most spans of one trace held in memory.</summary>
    private const int Most = 100_000;

    /// <summary>Those after the place, in order of start; of two copies of a span the later one.</summary>
    public static List<SpanRow> Spans(QueryRun run, ReadScope scope, TraceId trace, (Timestamp Start, SpanId Span)? after = null, int limit = Most)
    {
        var spans = new Dictionary<SpanId, SpanRow>();
        foreach (var partition in run.MayHold(trace))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            using var command = open.Reader.Command($"""
                SELECT {SpanRows.Columns} {SpanRows.FromSpans}
                WHERE s.trace = $trace AND s.tenant = $tenant AND ($app IS NULL OR s.app = $app) AND ($start IS NULL OR (s.start, s.span) > ($start, $span))
                ORDER BY s.start, s.span LIMIT $limit
                """);
            command.Parameters.AddWithValue("$trace", trace.ToBytes());
            command.Parameters.AddWithValue("$tenant", scope.TenantId);
            command.Parameters.AddWithValue("$app", (object?)scope.OnlyAppId ?? DBNull.Value);
            command.Parameters.AddWithValue("$start", after is { } place ? place.Start.UnixNanoseconds : DBNull.Value);
            command.Parameters.AddWithValue("$span", after is { } behind ? unchecked((long)behind.Span.Value) : DBNull.Value);
            command.Parameters.AddWithValue("$limit", limit);
            using var row = command.ExecuteReader();
            while (row.Read())
            {
                var span = SpanRows.Read(row, open.Reader);
                if (!spans.TryGetValue(span.Span.SpanId, out var other) || span.Version.CompareTo(other.Version) > 0) spans[span.Span.SpanId] = span;
            }
        }

        return [.. spans.Values.OrderBy(span => span.Span.Start).ThenBy(span => unchecked((long)span.Span.SpanId.Value)).Take(limit)];
    }

    /// <summary>The first of them in order of start, as an outline shows them (see <see cref="SpanOutline"/>).</summary>
    public static List<Span> Outline(QueryRun run, ReadScope scope, TraceId trace, int limit)
    {
        var spans = new Dictionary<SpanId, (Span Span, SpanVersion Version)>();
        foreach (var partition in run.MayHold(trace))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            using var row = new Statement(open.Reader.Connection, $"""
                SELECT {SpanOutline.Columns} {SpanRows.FromSpans}
                WHERE s.trace = ?1 AND s.tenant = ?2 AND (?3 IS NULL OR s.app = ?3)
                ORDER BY s.start, s.span LIMIT ?4
                """);
            row.BindBlob(1, trace.ToBytes()).Bind(2, scope.TenantId).Bind(3, (long?)scope.OnlyAppId).Bind(4, limit);
            while (row.Step())
            {
                var (span, version) = SpanOutline.Read(row, open.Reader, trace);
                if (!spans.TryGetValue(span.SpanId, out var other) || version.CompareTo(other.Version) > 0) spans[span.SpanId] = (span, version);
            }
        }

        return [.. spans.Values.Select(pair => pair.Span).OrderBy(span => span.Start).ThenBy(span => unchecked((long)span.SpanId.Value)).Take(limit)];
    }

    /// <summary>Null when nothing can be seen of it.</summary>
    public static TraceListRow? Summary(int tenantId, IReadOnlyList<SpanRow> spans)
    {
        if (spans.Count == 0) return null;
        var trace = new TraceState(new TraceKey(tenantId, spans[0].Span.TraceId));
        var judged = new List<(SpanState State, Span Judged, bool Counts)>(spans.Count);
        foreach (var span in spans)
        {
            var state = new SpanState { Raw = span.Span, Version = span.Version, Length = span.Length, ReceivedAt = span.ReceivedAt };
            trace.Put(state);
            judged.Add((state, span.Span, span.IsCall));
        }

        var row = TraceRow.Of(trace, judged);
        return new TraceListRow(
            trace.Key.TraceId, row.Root.AppId, row.Start, row.End, Math.Max(0, row.End.UnixNanoseconds - row.Start.UnixNanoseconds), row.Root.Outcome,
            row.Root.Kind, row.Root.DisplayName, row.User, row.Session, row.Root.Environment, row.SpanCount, row.CallCount, row.ErrorCount, row.TotalTokens,
            Money.ToUsd(row.CostPico), row.ReceivedAt, row.IsWhole, TraceThin.Parse(Encoding.UTF8.GetString(row.Thin)));
    }
}
