using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>
/// Reads one page of a list as of a store position. By end it goes day by day and stops when a page is due: first a slice in the order of
/// the list, which is all that most pages need; where that finds too few, the rest of the day in the order in which rows lie, which passes
/// over eight times as many in the same time. Any other order needs the whole range at once (<see cref="OrderedReader{T}"/>).
/// </summary>
internal sealed class ListReader<T>(QueryRun run, Asked asked, SortOrder sort, int limit, ListCursor? cursor, int question, ListShape<T> shape)
    where T : class
{
    // A slice is as many rows as are sure to be passed over well within the time of a page; it grows while that goes quickly.
    private const int FirstSlice = 20_000;
    private const int LargestSlice = 500_000;

    // A day with more rows than can be looked through within a fraction of a page's time goes on slice by slice.
    private const long MostScanned = 1_200_000;

    private readonly Timestamp from = cursor?.From ?? asked.Selection.From;
    private readonly Timestamp to = cursor?.To ?? asked.Selection.To;
    private readonly long asOf = cursor?.AsOf ?? run.AsOf;
    private readonly List<FoundRow<T>> found = [];
    private readonly ListRows<T> rows = new(sort, cursor?.AsOf ?? run.AsOf, shape);
    private readonly ListPlace? place = cursor?.Place;
    private readonly Dictionary<string, IReadOnlyList<(Timestamp From, Timestamp To)>?> hours = new(StringComparer.Ordinal);
    private int slice = FirstSlice;
    private bool seldom;

    /// <summary>Null when the file in which the cursor's place lies has been made anew since: which of its rows have been listed cannot be told.</summary>
    public Page<T>? Read()
    {
        if (cursor is not null && IsGone(cursor)) return null;
        var rowsFrom = FigureSources.RowsFrom(run, asked);
        if (sort.Field != SortField.End) return Ordered(rowsFrom);
        var searchedUntil = DayByDay();
        var full = found.Count > limit;
        if (full) found.RemoveRange(limit, found.Count - limit);
        var next = full ? found[^1].Place : searchedUntil is { } until ? Boundary(until) : (ListPlace?)null;
        if (full) searchedUntil = new Timestamp(found[^1].Place.Key!.Value);
        return new Page<T>(
            [.. found.Select(item => item.Item)],
            next is { } after ? new ListCursor(question, from, to, asOf, after, FileOf(after)).ToString() : null,
            cursor is null ? 0 : Newer(), next is null ? null : searchedUntil, AnswerSource.Rows)
        {
            RowsFrom = rowsFrom,
            TextLeftOut = run.TextLeftOut,
        };
    }

    // What the time did not do for cannot be gone on with: what comes next may stand before what is here.
    private Page<T> Ordered(Timestamp? rowsFrom)
    {
        var all = new OrderedReader<T>(run, asked, sort, limit, place, (from, to), rows, shape).Read(out var until);
        var next = until is null && all.Count > limit ? all[limit - 1].Place : (ListPlace?)null;
        return new Page<T>(
            [.. all.Take(limit).Select(item => item.Item)],
            next is { } after ? new ListCursor(question, from, to, asOf, after, FileOf(after)).ToString() : null,
            cursor is null ? 0 : Newer(), until, AnswerSource.Rows)
        {
            RowsFrom = rowsFrom,
            TextLeftOut = run.TextLeftOut,
        };
    }

    // A day that retention has taken needs no place in it; one that was rebuilt gives its rows other ids, perhaps in other files.
    private bool IsGone(ListCursor at) => !at.Place.IsBetween && at.File != 0
        && run.Partitions.Any(partition => partition.Day.DayNumber == at.Place.Day) && FileOf(at.Place) != at.File;

    private long FileOf(ListPlace of)
    {
        if (of.IsBetween || run.Partitions.FirstOrDefault(partition => (partition.Day.DayNumber, partition.Sequence) == (of.Day, of.Sequence)) is not { } partition) return 0;
        using var open = run.Open(partition);
        if (open is null) return 0;
        using var command = open.Reader.Command("SELECT value FROM meta WHERE key = 'identity'");
        return command.ExecuteScalar() as long? ?? 0;
    }

    /// <summary>Null when everything has been looked at, or the page is full.</summary>
    private Timestamp? DayByDay()
    {
        var days = run.Between(from, to).GroupBy(partition => partition.Day).Where(day => !IsDone(day.First()))
            .OrderBy(day => sort.Descending ? -day.Key.DayNumber : day.Key.DayNumber);
        foreach (var day in days)
        {
            var opened = new List<OpenPartition>();
            try
            {
                foreach (var partition in day)
                    if (run.Open(partition) is { } one) opened.Add(one);
                var open = opened.Where(CanMatch).ToList();
                if (open.Count > 0 && SliceBySlice(day.First(), open) is { } until) return until;
                if (found.Count > limit) return null;
                // Passing over days takes time too, where their files have to be read from disk.
                if (open.Count == 0 && run.PageIsDue && !IsLast(day.First())) return sort.Descending ? Later(from, day.First().From) : Earlier(to, day.First().To);
            }
            finally
            {
                foreach (var partition in opened) partition.Dispose();
            }
        }

        return null;
    }

    private bool CanMatch(OpenPartition partition) => shape.CanMatch?.Invoke(partition) != false && HoursOf(partition) is not [];

    private IReadOnlyList<(Timestamp From, Timestamp To)>? HoursOf(OpenPartition partition)
    {
        if (shape.Hours is null) return null;
        if (!hours.TryGetValue(partition.Partition.File, out var known)) hours[partition.Partition.File] = known = shape.Hours(partition);
        return known;
    }

    /// <summary>The next stretch of the day in which rows can be meant; all of it where that is not known, null when there is none left.</summary>
    private (Timestamp Low, Timestamp High)? Stretch(List<OpenPartition> open, Timestamp low, Timestamp high)
    {
        var stretches = new List<(Timestamp From, Timestamp To)>();
        foreach (var partition in open)
        {
            if (HoursOf(partition) is not { } known) return (low, high);
            stretches.AddRange(known.Select(stretch => (Later(stretch.From, low), Earlier(stretch.To, high))).Where(stretch => stretch.Item1 < stretch.Item2));
        }

        return stretches.Count == 0 ? null : sort.Descending ? stretches.MaxBy(stretch => stretch.To) : stretches.MinBy(stretch => stretch.From);
    }

    private Timestamp? SliceBySlice(Partition day, List<OpenPartition> open)
    {
        var low = Later(from, day.From);
        var high = Earlier(to, day.To);
        if (place is { Key: { } key } at)
        {
            // What the place has passed need not be looked at again; of its own end there may be more, unless it stands between two.
            if (sort.Descending) high = Earlier(high, new Timestamp(at.IsBetween ? key : key + 1));
            else low = Later(low, new Timestamp(at.IsBetween ? key + 1 : key));
        }

        while (low < high)
        {
            var began = run.Spent;
            if (Stretch(open, low, high) is not { } stretch) return null;
            var scan = IsNarrow(open) || (seldom && stretch == (low, high) && MayScan(open));
            var (sliceLow, sliceHigh) = scan ? stretch : Slice(open, stretch.Low, stretch.High);
            Fetch(open, sliceLow, sliceHigh, scan);
            if (sort.Descending) high = sliceLow;
            else low = sliceHigh;
            if (found.Count > limit) return null;
            seldom = true;
            var finished = low >= high;
            if (run.PageIsDue && !(finished && IsLast(day))) return sort.Descending ? high : low;
            if (run.Spent - began < 0.02) slice = Math.Min(LargestSlice, slice * 2);
        }

        return null;
    }

    private (Timestamp Low, Timestamp High) Slice(List<OpenPartition> open, Timestamp low, Timestamp high)
    {
        var direction = sort.Descending ? "DESC" : "ASC";
        Timestamp? edge = null;
        foreach (var partition in open)
        {
            using var command = partition.Reader.Command(
                $"""SELECT {shape.Alias}."end" FROM {shape.Table} WHERE {shape.Alias}."end" >= $low AND {shape.Alias}."end" < $high ORDER BY {shape.Alias}."end" {direction} LIMIT 1 OFFSET $slice""");
            command.Parameters.AddWithValue("$low", low.UnixNanoseconds);
            command.Parameters.AddWithValue("$high", high.UnixNanoseconds);
            command.Parameters.AddWithValue("$slice", slice);
            if (command.ExecuteScalar() is not long end) continue;
            var here = new Timestamp(sort.Descending ? end : end + 1);
            edge = edge is null ? here : sort.Descending ? Later(edge.Value, here) : Earlier(edge.Value, here);
        }

        return edge is null ? (low, high) : sort.Descending ? (edge.Value, high) : (low, edge.Value);
    }

    private bool IsNarrow(List<OpenPartition> open) => shape.IsNarrow is { } isNarrow && open.TrueForAll(isNarrow.Invoke);

    private bool MayScan(List<OpenPartition> open) => open.Sum(partition => partition.Partition.Rows) <= MostScanned && shape.IsCheap(open[0]);

    private void Fetch(List<OpenPartition> open, Timestamp low, Timestamp high, bool scan)
    {
        // All of a slice come behind what earlier slices gave.
        foreach (var partition in open) FetchFrom(partition, low, high, limit + 1 - Earlier(low, high, partition), scan);
        found.Sort((a, b) => rows.Compare(a.Place, b.Place));
        if (found.Count > limit + 1) found.RemoveRange(limit + 1, found.Count - limit - 1);
    }

    // How many were found before this slice.
    private int Earlier(Timestamp low, Timestamp high, OpenPartition partition) =>
        found.Count(item => item.Place.Key < low.UnixNanoseconds || item.Place.Key >= high.UnixNanoseconds || item.Place.Day != partition.Partition.Day.DayNumber);

    private void FetchFrom(OpenPartition partition, Timestamp low, Timestamp high, int wanted, bool scan)
    {
        var after = place;
        while (wanted > 0)
        {
            run.Check();
            // Where some may be left out on a closer look, a few more are read at once.
            var read = rows.Read(partition, new RowsAsked(low, high, after, scan ? RowsBy.Rows : RowsBy.Order), shape.Keep is null ? wanted : Math.Max(wanted, 50), out var last);
            found.AddRange(read);
            wanted -= read.Count;
            if (last is null) return;
            after = last;
        }
    }

    /// <summary>How many of the same question have come since the first page; as many as can be counted in what is left of the time.</summary>
    private long Newer()
    {
        long newer = 0;
        try
        {
            foreach (var partition in run.Between(from, to).Where(partition => partition.Applied > asOf))
            {
                using var open = run.Open(partition);
                if (open is not null) newer += rows.CountNewer(open, from, to);
            }
        }
        catch (TimeIsUpException)
        {
            // The page itself is there; a count that is too low does less harm than no page.
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && !run.Cancel.IsCancellationRequested)
        {
            // The same.
        }

        return newer;
    }

    private ListPlace Boundary(Timestamp until) => ListPlace.Past(sort.Descending ? until.UnixNanoseconds : until.UnixNanoseconds - 1, sort.Descending);

    private bool IsDone(Partition day) => place is { Key: { } key } at
        && (sort.Descending ? day.From.UnixNanoseconds > key - (at.IsBetween ? 1 : 0) : day.To.UnixNanoseconds <= key + (at.IsBetween ? 1 : 0));

    private bool IsLast(Partition day) => sort.Descending
        ? !run.Between(from, day.From).Any()
        : !run.Between(day.To, to).Any();

    private static Timestamp Later(Timestamp a, Timestamp b) => a > b ? a : b;

    private static Timestamp Earlier(Timestamp a, Timestamp b) => a < b ? a : b;
}
