using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Repricing;

/// <summary>Goes over the selected calls, in short transactions, and tells which cost something else by the book. For one thread at a time.</summary>
internal sealed class RepriceScan(StoreFolder folder, PriceBooks prices, string book, RepriceSelection selection, Func<Span, bool> test) : IDisposable
{
    private const int Page = 1_000;
    private static readonly TimeSpan Reach = TimeSpan.FromDays(1);

    private readonly NewPrices newPrices = new(prices, book);
    private readonly TraceStates traces = new(folder, mostSpans: 0);
    private readonly Dictionary<string, HashSet<(TraceId, SpanId)>> merged = [];
    private readonly Dictionary<(string?, string?), (long Calls, long Before, long After)> models = [];
    private readonly Dictionary<string, long> unpriced = [];
    private Int128 before, after;
    private long calls, given, touched, newlyPriced, noLongerPriced;
    private UInt128 print;

    /// <summary>The partitions that hold rows of the range, oldest first.</summary>
    public IReadOnlyList<Partition> Partitions => [.. folder.Between(selection.From, selection.To).Reverse()];

    /// <summary>Pages of calls that cost something else now, of one partition.</summary>
    public IEnumerable<IReadOnlyList<(TraceKey Trace, SpanId Span)>> Touched(Partition partition, CancellationToken cancel)
    {
        for (var (last, count) = (0L, Page); count == Page;)
        {
            cancel.ThrowIfCancellationRequested();
            var rows = Read(partition, last);
            count = rows.Count;
            if (count > 0) last = rows[^1].Id;
            var page = new List<(TraceKey, SpanId)>();
            foreach (var row in rows)
                if (!folder.History.IsMoved(partition.File, row.Span.TenantId, row.Span.AppId) && test(row.Span) && Weigh(row)) page.Add((new TraceKey(row.Span.TenantId, row.Span.TraceId), row.Span.SpanId));
            traces.Settle([]);
            yield return page;
        }
    }

    public RepriceDifference Difference()
    {
        var text = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{selection.TenantId}\n{selection.From}\n{selection.To}\n{selection.App}\n{selection.Model}\n{selection.Q}\n{book}\n{touched}\n{print:x}");
        var oldest = folder.Partitions.LastOrDefault(partition => partition.Applied > 0)?.From;
        return new RepriceDifference
        {
            Book = book,
            Calls = calls,
            Given = given,
            Touched = touched,
            NewlyPriced = newlyPriced,
            NoLongerPriced = noLongerPriced,
            Unpriced = unpriced.OrderByDescending(entry => entry.Value).ToDictionary(),
            BeforeUsd = Money.ToUsd(before),
            AfterUsd = Money.ToUsd(after),
            Models =
            [
                .. models.Select(entry => new RepricedModel(entry.Key.Item1, entry.Key.Item2, entry.Value.Calls, Money.ToUsd(entry.Value.Before), Money.ToUsd(entry.Value.After)))
                    .OrderByDescending(model => Math.Abs(model.AfterUsd - model.BeforeUsd)).ThenBy(model => model.Model, StringComparer.Ordinal),
            ],
            RowsFrom = oldest is { } first && selection.From < first ? first : null,
            Token = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12)),
        };
    }

    public void Dispose() => traces.Dispose();

    private List<SpanRow> Read(Partition partition, long last)
    {
        var rows = new List<SpanRow>(Page);
        using var reader = folder.Open(partition);
        if (reader is null) return rows;
        using var command = reader.Command($"""
            SELECT {SpanRows.Columns} {SpanRows.FromCalls} WHERE c.id > $last AND c.tenant = $tenant AND c."end" >= $from AND c."end" < $to ORDER BY c.id LIMIT {Page}
            """);
        command.Parameters.AddWithValue("$last", last);
        command.Parameters.AddWithValue("$tenant", selection.TenantId);
        command.Parameters.AddWithValue("$from", selection.From.UnixNanoseconds);
        command.Parameters.AddWithValue("$to", selection.To.UnixNanoseconds);
        using var row = command.ExecuteReader();
        while (row.Read()) rows.Add(SpanRows.Read(row, reader));
        return rows;
    }

    private bool Weigh(SpanRow row)
    {
        calls++;
        var now = row.Span.Call!.Cost;
        var then = now.Source == "given" ? now : Priced(row) ?? now;
        var (was, willBe) = (Money.ToPico(now.TotalUsd) ?? 0, Money.ToPico(then.TotalUsd) ?? 0);
        before += was;
        after += willBe;
        if (now.Source == "given") given++;
        if (CallFigures.IsUnpriced(row.Span with { Call = row.Span.Call with { Cost = then } })) CollectionsMarshal.GetValueRefOrAddDefault(unpriced, then.Reason ?? "", out _)++;
        if (NewPrices.AreSame(now, then)) return false;
        touched++;
        if (now.TotalUsd is null && then.TotalUsd is not null) newlyPriced++;
        if (now.TotalUsd is not null && then.TotalUsd is null) noLongerPriced++;
        ref var model = ref CollectionsMarshal.GetValueRefOrAddDefault(models, (row.Span.Call.Provider, row.Span.Call.Model), out _);
        model = (model.Calls + 1, model.Before + was, model.After + willBe);
        // The same whatever order they are met in.
        print += PrintOf(row, was, willBe);
        return true;
    }

    private CallCost? Priced(SpanRow row)
    {
        if (NewPrices.IsPlain(row) && !HasMerged(row.Span)) return newPrices.Of(row.Span);
        var trace = traces.Get(new TraceKey(row.Span.TenantId, row.Span.TraceId));
        if (trace.IsTooLong) traces.Fetch(trace, row.Span.SpanId);
        return newPrices.Of(trace, row.Span.SpanId);
    }

    // Spans are merged across midnight at most, and there is no index for it: the few there are fit into memory.
    private bool HasMerged(Span call) =>
        folder.Between(call.End.Plus(-Reach), call.End.Plus(Reach)).Any(partition => MergedIn(partition).Contains((call.TraceId, call.SpanId)));

    private HashSet<(TraceId, SpanId)> MergedIn(Partition partition)
    {
        if (merged.TryGetValue(partition.File, out var known)) return known;
        if (merged.Count > 4) merged.Clear();
        merged[partition.File] = known = [];
        using var reader = folder.Open(partition);
        if (reader is null) return known;
        for (var (last, step) = (0L, 100_000L); last < partition.Rows + step; last += step)
        {
            using var command = reader.Command("SELECT trace, merged_into FROM spans WHERE id > $from AND id <= $to AND merged_into IS NOT NULL");
            command.Parameters.AddWithValue("$from", last);
            command.Parameters.AddWithValue("$to", last + step);
            using var row = command.ExecuteReader();
            while (row.Read())
                if (TraceId.TryRead(row.GetFieldValue<byte[]>(0), out var trace)) known.Add((trace, new SpanId(unchecked((ulong)row.GetInt64(1)))));
        }

        return known;
    }

    private static UInt128 PrintOf(SpanRow row, long was, long willBe)
    {
        var bytes = Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{row.Span.TraceId} {row.Span.SpanId} {was} {willBe}"));
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(bytes));
    }
}
