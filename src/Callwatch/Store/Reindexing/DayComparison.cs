using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

namespace Callwatch.Store.Reindexing;

/// <summary>What a day holds before and after, from rows; and which spans only one of them has. Pages in fresh transactions.</summary>
internal sealed class DayComparison(StoreFolder before, StoreFolder after, long reached)
{
    private const int Page = 2_000;
    private const long Chunk = 100_000;

    public ReindexDay Of(DateOnly day, CancellationToken cancel)
    {
        var (then, now) = (FiguresOf(before, day), FiguresOf(after, day));
        var onlyBefore = Missing(before, after, day, olderIsMissing: true, cancel);
        var onlyAfter = Missing(after, before, day, olderIsMissing: false, cancel);
        var same = then == now && onlyBefore == 0 && onlyAfter == 0;
        return new ReindexDay(day, same ? DayState.Same : DayState.Differs, null, then, now, onlyBefore, onlyAfter, 0);
    }

    private static DayFigures FiguresOf(StoreFolder folder, DateOnly day)
    {
        var sums = DayFigures.None;
        foreach (var partition in folder.Partitions.Where(partition => partition.Day == day))
        {
            using var reader = folder.Open(partition);
            if (reader is null) continue;
            using var spans = new Statement(reader.Connection, "SELECT count(*), coalesce(sum(outcome = 1 AND merged_into IS NULL), 0) FROM spans WHERE id > ?1 AND id <= ?2");
            using var traces = new Statement(reader.Connection, "SELECT count(*) FROM traces WHERE id > ?1 AND id <= ?2");
            // Money in two halves, so that the sum of a day cannot run over.
            using var calls = new Statement(reader.Connection, """
                SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(total_tokens), 0),
                  coalesce(sum(cost / 1000000), 0), coalesce(sum(cost % 1000000), 0), coalesce(sum(unpriced), 0) FROM calls WHERE id > ?1 AND id <= ?2
                """);
            var last = StoreDatabase.Number(reader.Connection, "SELECT max((SELECT coalesce(max(id), 0) FROM spans), (SELECT coalesce(max(id), 0) FROM traces))") ?? 0;
            for (long from = 0; from < last; from += Chunk)
            {
                foreach (var statement in (Statement[])[spans, traces, calls]) statement.Bind(1, from).Bind(2, from + Chunk).Step();
                sums = new DayFigures(
                    sums.Spans + spans.Long(0), sums.Calls + calls.Long(0), sums.Traces + traces.Long(0), sums.Errors + spans.Long(1),
                    sums.InputTokens + calls.Long(1), sums.OutputTokens + calls.Long(2), sums.TotalTokens + calls.Long(3),
                    sums.CostUsd + Money.ToUsd(((Int128)calls.Long(4) * 1_000_000) + calls.Long(5)), sums.UnpricedCalls + calls.Long(6));
                foreach (var statement in (Statement[])[spans, traces, calls]) statement.Reset();
            }
        }

        return sums;
    }

    // Whatever came after the rebuilding began to compare is in neither count.
    private long Missing(StoreFolder from, StoreFolder within, DateOnly day, bool olderIsMissing, CancellationToken cancel)
    {
        var missing = 0L;
        using var find = new RowFinder(within);
        foreach (var partition in from.Partitions.Where(partition => partition.Day == day))
        {
            using var reader = from.Open(partition);
            if (reader is null) continue;
            using var page = new Statement(reader.Connection, """
                SELECT id, tenant, trace, span, number, "offset" FROM spans WHERE id > ?1 AND number <= ?2 ORDER BY id LIMIT ?3
                """);
            for (long last = 0, rows = Page; rows == Page;)
            {
                cancel.ThrowIfCancellationRequested();
                rows = 0;
                page.Bind(1, last).Bind(2, reached).Bind(3, Page);
                while (page.Step())
                {
                    (last, rows) = (page.Long(0), rows + 1);
                    if (TraceId.TryRead(page.Blob(2), out var trace) && !find.Has((int)page.Long(1), trace, page.Long(3), olderIsMissing ? (page.Long(4), page.Long(5)) : null)) missing++;
                }
            }
        }

        return missing;
    }

    /// <summary>How many log records joined to spans the rebuilt rows lack.</summary>
    public long MissingLogs(DateOnly day, CancellationToken cancel)
    {
        const string Key = """trace, tenant, span, number, "offset" """;
        var missing = 0L;
        foreach (var partition in before.Partitions.Where(partition => partition.Day == day))
        {
            using var reader = before.Open(partition);
            if (reader is null) continue;
            using var page = new Statement(reader.Connection, $"SELECT {Key} FROM joined_logs WHERE ({Key}) > (?1, ?2, ?3, ?4, ?5) AND number <= ?6 ORDER BY {Key} LIMIT {Page}");
            var (trace, tenant, span, number, offset, rows) = (new byte[1], 0L, 0L, 0L, 0L, (long)Page);
            while (rows == Page)
            {
                cancel.ThrowIfCancellationRequested();
                rows = 0;
                page.BindBlob(1, trace).Bind(2, tenant).Bind(3, span).Bind(4, number).Bind(5, offset).Bind(6, reached);
                while (page.Step())
                {
                    (trace, tenant, span, number, offset, rows) = (page.Blob(0).ToArray(), page.Long(1), page.Long(2), page.Long(3), page.Long(4), rows + 1);
                    if (!HasLog(after, day, trace, tenant, span, number, offset)) missing++;
                }
            }
        }

        return missing;
    }

    private static bool HasLog(StoreFolder folder, DateOnly day, byte[] trace, long tenant, long span, long number, long offset)
    {
        foreach (var partition in folder.Partitions.Where(partition => partition.Day == day))
        {
            using var reader = folder.Open(partition);
            if (reader is null) continue;
            using var find = new Statement(reader.Connection, """SELECT 1 FROM joined_logs WHERE trace = ?1 AND tenant = ?2 AND span = ?3 AND number = ?4 AND "offset" = ?5""");
            if (find.BindBlob(1, trace).Bind(2, tenant).Bind(3, span).Bind(4, number).Bind(5, offset).Number() is not null) return true;
        }

        return false;
    }

    /// <summary>Looks for single spans, with statements that stay prepared.</summary>
    private sealed class RowFinder(StoreFolder folder) : IDisposable
    {
        private readonly Dictionary<string, (PartitionReader Reader, Statement Find)?> open = [];
        private readonly byte[] bytes = new byte[16];

        public bool Has(int tenant, TraceId trace, long span, (long Number, long Offset)? atLeast)
        {
            trace.Write(bytes);
            foreach (var partition in folder.MayHold(trace))
            {
                if (Of(partition) is not { } at) continue;
                at.Find.BindBlob(1, bytes).Bind(2, span).Bind(3, tenant);
                var found = false;
                while (at.Find.Step()) found |= atLeast is not { } least || (at.Find.Long(0), at.Find.Long(1)).CompareTo(least) >= 0;
                if (found) return true;
            }

            return false;
        }

        public void Dispose()
        {
            foreach (var entry in open.Values)
            {
                entry?.Find.Dispose();
                entry?.Reader.Dispose();
            }
        }

        private (PartitionReader Reader, Statement Find)? Of(Partition partition)
        {
            if (open.TryGetValue(partition.File, out var known)) return known;
            return open[partition.File] = folder.Open(partition) is { } reader
                ? (reader, new Statement(reader.Connection, """SELECT number, "offset" FROM spans WHERE trace = ?1 AND span = ?2 AND tenant = ?3"""))
                : null;
        }
    }
}
