using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>Adds up business records, day by day, over all partitions and the history.</summary>
internal sealed class ReferenceReader(QueryRun run, Asked asked, Buckets days, FigureSources sources, RecordScan scan) : ITakeRecords
{
    private readonly Timestamp from = asked.Selection.From;
    private readonly Timestamp to = asked.Selection.To;
    private readonly People people = new();
    private readonly Sums chat = new(days.Count);
    private readonly Sums runs = new(days.Count);
    private readonly Dictionary<(OpenPartition Open, long Word), ulong> hashes = [];
    private bool counting = true;
    private bool usesCuts;

    /// <summary>Of messages, or of runs.</summary>
    private sealed class Sums(int days)
    {
        public FigureSums?[] Points { get; } = new FigureSums?[days];

        /// <summary>People of the whole range.</summary>
        public FigureSums Whole { get; } = new();
    }

    public ReferenceAnswer Read()
    {
        Each(figures: true, onlyPeople: false);
        var records = Calls(chat) + Calls(runs);
        var counted = true;
        if (records > run.Options.MostRowsCounted || sources.HasHistory(asked))
        {
            counting = counted = false;
            if (scan.FitsSketches) Each(figures: false, onlyPeople: true);
        }
        else
        {
            Each(figures: false, onlyPeople: true);
        }

        return new ReferenceAnswer(usesCuts ? AnswerSource.Rollups : AnswerSource.Rows, ByDay(chat, counted), ByDay(runs, counted))
        {
            RowsFrom = scan.FitsCuts ? null : FigureSources.RowsFrom(run, asked),
        };
    }

    void ITakeRecords.Take(bool isRun, long unixSeconds, Outcome outcome, in RollupFigures figures) =>
        PointOf(isRun, unixSeconds).Add(figures, outcome, timed: outcome == Outcome.Success);

    void ITakeRecords.TakePeople(OpenPartition open, bool isRun, long unixSeconds, long? user, long? session)
    {
        // Of runs it is asked how many each user started: a user is to a run what a conversation is to a message.
        if (isRun) session = user;
        var (point, whole) = (PointOf(isRun, unixSeconds), (isRun ? runs : chat).Whole);
        if (counting)
        {
            var (person, conversation) = (people.NumberOf(open.Reader, user), people.NumberOf(open.Reader, session));
            point.AddPeople(person, conversation);
            return;
        }

        Estimate(open, 0, user, point, whole);
        Estimate(open, 1, session, point, whole);
    }

    void ITakeRecords.TakeSketch(int field, long unixSeconds, long people, long records, ReadOnlySpan<byte> sketch)
    {
        var isRun = field == PeopleOf.UsersOfRuns;
        foreach (var to in (ReadOnlySpan<FigureSums>)[PointOf(isRun, unixSeconds), (isRun ? runs : chat).Whole])
        {
            if (field != PeopleOf.SessionsOfMessages) to.Estimate(0).AddPart(people, records, sketch);
            if (field != PeopleOf.UsersOfMessages) to.Estimate(1).AddPart(people, records, sketch);
        }
    }

    private void Estimate(OpenPartition open, int field, long? word, params ReadOnlySpan<FigureSums> to)
    {
        if (word is not { } id) return;
        if (!hashes.TryGetValue((open, id), out var hash)) hashes[(open, id)] = hash = PeopleSketch.HashOf(open.Reader.Word(id));
        foreach (var sums in to) sums.Estimate(field).Add(hash);
    }

    private void Each(bool figures, bool onlyPeople)
    {
        if (sources.History is { } history && scan.FitsCuts) FromHistory(history, onlyPeople);
        foreach (var open in sources.Between(from, to))
        {
            using var moment = open.AsOfOneMoment();
            hashes.Clear();
            var low = from > open.Partition.From ? from : open.Partition.From;
            var high = to < open.Partition.To ? to : open.Partition.To;
            // Exact counts of people are of rows, whatever has been made of them.
            if (!scan.FitsCuts || (onlyPeople && counting)) scan.FromRows(open, low, high, this, figures, onlyPeople);
            else Read(open, low, high, figures, onlyPeople);
        }
    }

    private void FromHistory(OpenPartition history, bool onlyPeople)
    {
        // Nothing narrower than an hour is known there: it counts if it begins within the range.
        var level = days.Widest == RollupLevel.Day ? RollupLevel.Day : RollupLevel.Hour;
        var (first, last) = (Up(from, 1), Up(to, 1));
        usesCuts = true;
        if (!onlyPeople) scan.FromCuts(history, level, first, last, this);
        else if (!counting) scan.FromSketches(history, level, first, last, this);
    }

    private void Read(OpenPartition open, Timestamp low, Timestamp high, bool figures, bool onlyPeople)
    {
        var derived = DerivedBuckets.Of(open);
        var (first, last) = (Up(low, 3_600), high.UnixSeconds / 3_600 * 3_600);
        if (first >= last)
        {
            scan.FromRows(open, low, high, this, figures, onlyPeople);
            return;
        }

        scan.FromRows(open, low, Timestamp.FromUnixSeconds(first), this, figures, onlyPeople);
        for (var at = first; at < last;)
        {
            var source = SourceOf(derived, at, last);
            var end = at + Width(source);
            while (end < last && SourceOf(derived, end, last) == source) end += Width(source);
            end = Math.Min(end, last);
            if (source is not { } level) scan.FromRows(open, Timestamp.FromUnixSeconds(at), Timestamp.FromUnixSeconds(end), this, figures, onlyPeople);
            else if (onlyPeople) scan.FromSketches(open, level, at, end, this);
            else scan.FromCuts(open, level, at, end, this);
            usesCuts |= source is not null;
            at = end;
        }

        scan.FromRows(open, Timestamp.FromUnixSeconds(last), high, this, figures, onlyPeople);
    }

    /// <summary>Null: from rows. An hour may lie in two days where a zone is off by half an hour.</summary>
    private RollupLevel? SourceOf(DerivedBuckets derived, long at, long last)
    {
        if (days.Widest == RollupLevel.Day && at % 86_400 == 0 && at + 86_400 <= last && derived.HasDay(at)) return RollupLevel.Day;
        return derived.HasHour(at) && days.IndexOf(at) == days.IndexOf(at + 3_599) ? RollupLevel.Hour : null;
    }

    private static long Width(RollupLevel? level) => level == RollupLevel.Day ? 86_400 : 3_600;

    private FigureSums PointOf(bool isRun, long unixSeconds) => (isRun ? runs : chat).Points[days.IndexOf(unixSeconds)] ??= new FigureSums();

    private static long Calls(Sums of) => of.Points.Sum(point => point?.Calls ?? 0);

    private RecordFiguresByDay ByDay(Sums of, bool counted)
    {
        var (total, empty) = (new FigureSums(), new FigureSums());
        foreach (var point in of.Points)
            if (point is not null) total.Add(point);
        for (var field = 0; field < 2; field++) total.Estimates[field] = of.Whole.Estimates[field];
        counted &= people.AreCounted;
        return new RecordFiguresByDay(total.ToFigures(counted), [.. of.Points.Select((point, index) => new StatsPoint(days[index], (point ?? empty).ToFigures(counted)))]);
    }

    private static long Up(Timestamp moment, long width)
    {
        var second = (moment.UnixNanoseconds + Timestamp.NanosecondsPerSecond - 1) / Timestamp.NanosecondsPerSecond;
        return (second + width - 1) / width * width;
    }
}
