using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>
/// Finds the first rows of an order other than by end. What is still to be looked through lies in parts of which each says how good the best
/// of its rows may be; the most promising comes first, and when a page is full and no part can better it, it is what reading everything would
/// have given. Parts are the first rows of each day's order where the filter lets some of them through, else hours by their greatest values,
/// else all there is.
/// </summary>
internal sealed class OrderedReader<T>(QueryRun run, Asked asked, SortOrder sort, int limit, ListPlace? place, (Timestamp From, Timestamp To) range, ListRows<T> rows, ListShape<T> shape)
    where T : class
{
    // Of the first rows of a day's order so many times as many as are wanted are looked at, then so many: a filter may leave most of them out.
    private const int FewFirst = 4;
    private const int ManyFirst = 2_000;
    private const int MostFirst = 16_000;

    // Of rows of which fewer than one in so many is meant the hours are looked into instead.
    private const int Seldom = 200;

    // So few hours are looked into at once. Where more of a day have been, the rest of it is read in one go: that is as quick.
    private const int FewHours = 8;

    // Less than this part of a day is read by the index of ends.
    private const int SmallPart = 4;

    private static readonly FilterField[] Few = [FilterFields.User, FilterFields.Session, FilterFields.ResponseId, FilterFields.Trace, FilterFields.Fingerprint];

    // A few more at a time where some may be left out on a closer look.
    private const int AtLeast = 50;

    private readonly PriorityQueue<OrderedUnit, ListPlace> waiting = new(Comparer<ListPlace>.Create(rows.Compare));
    private readonly Dictionary<string, List<(Timestamp From, Timestamp To)>> lookedInto = new(StringComparer.Ordinal);
    private readonly HashSet<string> whole = new(StringComparer.Ordinal);
    private List<FoundRow<T>> found = [];
    private OrderedUnit? under;

    /// <summary>
    /// One more than the page holds where there are more. <paramref name="until"/> is null where they are the first ones of all; when the time was up before
    /// that could be said, it is the moment from which on everything has been looked at.
    /// </summary>
    /// <exception cref="TimeIsUpException">Nothing was found in time.</exception>
    public List<FoundRow<T>> Read(out Timestamp? until)
    {
        until = null;
        try
        {
            Gather();
            while (waiting.TryDequeue(out under, out var best))
            {
                if (found.Count > limit && rows.Compare(found[limit].Place, best) <= 0) break;
                Look(under);
                under = null;
            }
        }
        catch (Exception e) when (found.Count > 0 && IsTimeUp(e))
        {
            until = LookedThroughFrom();
        }

        return found;
    }

    private bool IsTimeUp(Exception e) =>
        e is TimeIsUpException || (e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_INTERRUPT } && !run.Cancel.IsCancellationRequested);

    // What was under way counts as not looked at.
    private Timestamp LookedThroughFrom()
    {
        var left = waiting.UnorderedItems.Select(item => item.Element).Where(unit => unit.Way != OrderedWay.Hour || !whole.Contains(unit.Partition.File));
        return (under is null ? left : left.Append(under)).Max(unit => unit.High);
    }

    private void Gather()
    {
        foreach (var partition in run.Between(range.From, range.To))
        {
            using var open = run.Open(partition);
            if (open is null || shape.CanMatch?.Invoke(open) == false) continue;
            var (low, high) = (Later(range.From, partition.From), Earlier(range.To, partition.To));
            var hours = sort.Descending ? shape.Greatest?.Invoke(open, sort.Field) : null;
            var within = hours?.Where(hour => hour.From < high && low < hour.To).ToList();
            if (within is [] || (hours is null && shape.Hours?.Invoke(open) is [])) continue;
            Put(Beginning(open, new OrderedUnit(partition, OrderedWay.Whole, BestOf(partition, within), place, low, high) { Hours = within }));
        }
    }

    /// <summary>How a partition is begun with.</summary>
    private OrderedUnit Beginning(OpenPartition open, OrderedUnit all)
    {
        var isPart = (all.High.UnixNanoseconds - all.Low.UnixNanoseconds) * SmallPart < all.Partition.To.UnixNanoseconds - all.Partition.From.UnixNanoseconds;
        if (isPart) all = all with { By = RowsBy.End };
        if (place is { Key: null } || IsNarrow(open)) return all;
        var first = asked.Filter.Terms.Count == 0 && asked.AppIds is null ? limit + 1 : FewFirst * (limit + 1);
        if (!isPart && IsIndexed(open)) return all with { Way = OrderedWay.Walk, By = RowsBy.Order, Size = first };
        // Where nothing but the row itself is asked, reading all of them is as quick as finding the first.
        return all.Hours is not null || shape.IsCheap(open) ? all : all with { Way = OrderedWay.Walk, Size = Math.Max(first, ManyFirst) };
    }

    private void Put(OrderedUnit unit)
    {
        if (unit.Hours is { } hours && (hours.Count <= FewHours || unit is { Way: OrderedWay.Whole, By: RowsBy.End })) PutHours(unit, hours);
        else waiting.Enqueue(unit, unit.Best);
    }

    private void PutHours(OrderedUnit unit, IReadOnlyList<PeakHour> hours)
    {
        foreach (var hour in hours)
        {
            var best = Worse(BestOf(unit.Partition, [hour]), unit.Best);
            waiting.Enqueue(unit with { Way = OrderedWay.Hour, Best = best, Low = Later(hour.From, unit.Low), High = Earlier(hour.To, unit.High), By = RowsBy.End }, best);
        }
    }

    private void Look(OrderedUnit unit)
    {
        if (unit.Way == OrderedWay.Hour && whole.Contains(unit.Partition.File)) return;
        using var open = run.Open(unit.Partition);
        if (open is null) return;
        switch (unit.Way)
        {
            case OrderedWay.Walk:
                Walk(open, unit);
                break;
            case OrderedWay.Hour when LookedInto(unit) is { Count: >= FewHours } hours && unit.Hours!.Count > FewHours:
                var (low, high) = (Later(range.From, unit.Partition.From), Earlier(range.To, unit.Partition.To));
                Take(open, new RowsAsked(low, high, unit.After, RowsBy.Rows) { Except = [.. hours] });
                // Not before: what was left of the day when the time was up has not been looked at.
                whole.Add(unit.Partition.File);
                break;
            case OrderedWay.Hour:
                Take(open, new RowsAsked(unit.Low, unit.High, unit.After, RowsBy.End));
                LookedInto(unit).Add((unit.Low, unit.High));
                break;
            default:
                Take(open, new RowsAsked(unit.Low, unit.High, unit.After, unit.By) { WithoutKey = unit.Way == OrderedWay.WithoutValue });
                break;
        }
    }

    private List<(Timestamp From, Timestamp To)> LookedInto(OrderedUnit unit) =>
        lookedInto.TryGetValue(unit.Partition.File, out var hours) ? hours : lookedInto[unit.Partition.File] = [];

    private void Walk(OpenPartition open, OrderedUnit unit)
    {
        var what = new RowsAsked(unit.Low, unit.High, unit.After, unit.By) { Bound = Bound };
        var ids = rows.Candidates(open, what, unit.Size, out var last);
        var taken = ids.Count == 0 ? 0 : Take(open, what with { By = RowsBy.Rows, Ids = "[" + string.Join(',', ids) + "]" });
        if (last is not { } at)
        {
            // That is all there is with a value, or all that can be wanted.
            var nothing = ListPlace.Of(null, unit.Partition, sort.Descending ? long.MaxValue : long.MinValue);
            var rest = unit with { Way = OrderedWay.WithoutValue, Best = nothing, By = RowsBy.Rows, After = null };
            waiting.Enqueue(rest, nothing);
            return;
        }

        var next = unit with { After = at, Best = at };
        var seldom = taken * Seldom < ids.Count;
        if (seldom && unit.Hours is { } hours) PutHours(next, hours);
        else if (unit.Size >= MostFirst || (seldom && unit.Size >= ManyFirst && shape.IsCheap(open))) waiting.Enqueue(next with { Way = OrderedWay.Whole, By = RowsBy.Rows }, at);
        else waiting.Enqueue(next with { Size = unit.Size < ManyFirst ? ManyFirst : MostFirst }, at);
    }

    /// <summary>What is worse than the page's last row is not wanted; null until it is full.</summary>
    private long? Bound => found.Count > limit ? found[limit].Place.Key : null;

    /// <summary>How many were found.</summary>
    private int Take(OpenPartition open, RowsAsked what)
    {
        var (taken, wanted) = (0, limit + 1);
        while (wanted > 0)
        {
            run.Check();
            var read = rows.Read(open, what with { Bound = Bound }, shape.Keep is null ? wanted : Math.Max(wanted, AtLeast), out var last);
            Put(read);
            taken += read.Count;
            wanted -= read.Count;
            if (last is null) break;
            what = what with { After = last };
        }

        return taken;
    }

    // At once: what is asked next goes by the last of them, and the time may be up at any moment.
    private void Put(List<FoundRow<T>> more)
    {
        if (more.Count == 0) return;
        found.AddRange(more);
        found.Sort((a, b) => rows.Compare(a.Place, b.Place));
        if (found.Count > limit + 1) found = found[..(limit + 1)];
    }

    // Text that few rows have, and what an index has few rows of.
    private bool IsNarrow(OpenPartition open) => shape.IsNarrow?.Invoke(open) == true
        || asked.Filter.Terms.Any(term => term is FilterTerm.Compare { Negated: false } compare && Few.Contains(compare.Field) && compare.Values.All(value => value is FilterValue.Text));

    // A day that an older version has closed may lack it for a while.
    private bool IsIndexed(OpenPartition open) => open.Partition.Closed && shape.Index(sort.Field) is { } index && open.Reader.HasIndex(index);

    /// <summary>The place that none of the partition's rows stands before, within hours where these are known.</summary>
    private ListPlace BestOf(Partition partition, IReadOnlyList<PeakHour>? hours)
    {
        var id = sort.Descending ? long.MaxValue : long.MinValue;
        var key = hours is null ? (sort.Descending ? long.MaxValue : long.MinValue) : hours.Max(hour => hour.Greatest);
        var best = ListPlace.Of(key, partition, id);
        return place is { } after ? Worse(best, ListPlace.Of(after.Key, partition, id)) : best;
    }

    private ListPlace Worse(ListPlace a, ListPlace b) => rows.Compare(a, b) > 0 ? a : b;

    private static Timestamp Later(Timestamp a, Timestamp b) => a > b ? a : b;

    private static Timestamp Earlier(Timestamp a, Timestamp b) => a < b ? a : b;
}
