using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Counts users and sessions of more calls than can be looked at: from what stands of hours and days, and rows where nothing does.</summary>
internal sealed class PeopleSketches(FigureSources sources, Asked asked, StatsScan scan, RollupLevel widest)
{
    /// <summary>Most calls of hours under way that are looked at for it.</summary>
    private const int MostRows = 300_000;

    private readonly Dictionary<long, ulong> hashes = [];
    private int rows;

    /// <summary>Sketches are kept by app only.</summary>
    public static bool Fit(Asked asked, IReadOnlyList<GroupField> by) =>
        by.All(group => group.Field == FilterFields.App) && asked.Filter.Terms.All(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.App);

    /// <param name="take">App, beginning of the bucket, users (0) or sessions (1), and what to do with the estimates it belongs to.</param>
    public bool Read(Func<OpenPartition, (long First, long Last)> rangeOf, Action<int, long, int, Action<PeopleEstimate>> take)
    {
        if (sources.History is { } history) FromHistory(history, take);
        foreach (var open in sources.Between(asked.Selection.From, asked.Selection.To))
        {
            using var moment = open.AsOfOneMoment();
            var derived = DerivedBuckets.Of(open);
            var (first, last) = rangeOf(open);
            hashes.Clear();
            if (!Read(open, derived, first, last, take)) return false;
        }

        return true;
    }

    private void FromHistory(OpenPartition history, Action<int, long, int, Action<PeopleEstimate>> take)
    {
        var sql = scan.AppsOf(history, "r");
        var level = widest == RollupLevel.Day ? RollupLevel.Day : RollupLevel.Hour;
        sql.And($"r.level = {sql.Parameter((long)level)} AND r.bucket >= {sql.Parameter(asked.Selection.From.UnixSeconds)} AND r.bucket < {sql.Parameter(asked.Selection.To.UnixSeconds)}");
        using var row = new Statement(history.Reader.Connection, $"SELECT r.app, r.field, r.people, r.calls, r.sketch, r.bucket FROM people r WHERE r.field < 2 AND {sql.Where}");
        sql.BindTo(row);
        while (row.Step()) take((int)row.Long(0), row.Long(5), (int)row.Long(1), estimate => estimate.AddPart(row.Long(2), row.Long(3), row.Blob(4)));
    }

    private bool Read(OpenPartition open, DerivedBuckets derived, long first, long last, Action<int, long, int, Action<PeopleEstimate>> take)
    {
        for (var at = first; at < last;)
        {
            var day = widest == RollupLevel.Day && at % 86_400 == 0 && at + 86_400 <= last && derived.HasDay(at);
            var hour = at % 3_600 == 0 && at + 3_600 <= last && derived.HasHour(at);
            var end = Math.Min(last, day ? at + 86_400 : (at / 3_600 * 3_600) + 3_600);
            if (day || hour) FromSketches(open, day ? RollupLevel.Day : RollupLevel.Hour, at, take);
            else if (!FromRows(open, at, end, take)) return false;
            at = end;
        }

        return true;
    }

    private void FromSketches(OpenPartition open, RollupLevel level, long bucket, Action<int, long, int, Action<PeopleEstimate>> take)
    {
        var sql = scan.AppsOf(open, "r");
        sql.And($"r.level = {sql.Parameter((long)level)} AND r.bucket = {sql.Parameter(bucket)}");
        using var row = new Statement(open.Reader.Connection, $"SELECT r.app, r.field, r.people, r.calls, r.sketch FROM people r WHERE r.field < 2 AND {sql.Where}");
        sql.BindTo(row);
        while (row.Step()) take((int)row.Long(0), bucket, (int)row.Long(1), estimate => estimate.AddPart(row.Long(2), row.Long(3), row.Blob(4)));
    }

    private bool FromRows(OpenPartition open, long from, long to, Action<int, long, int, Action<PeopleEstimate>> take)
    {
        var sql = scan.AppsOf(open, "c");
        sql.And($"c.\"end\" >= {sql.Parameter(from * Timestamp.NanosecondsPerSecond)} AND c.\"end\" < {sql.Parameter(to * Timestamp.NanosecondsPerSecond)}");
        using var row = new Statement(open.Reader.Connection, $"SELECT c.app, c.\"end\", c.user, c.session FROM calls c WHERE {sql.Where}");
        sql.BindTo(row);
        while (row.Step())
        {
            if (++rows > MostRows) return false;
            var second = new Timestamp(row.Long(1)).UnixSeconds;
            for (var field = 0; field < 2; field++)
                if (row.NullableLong(2 + field) is { } word) take((int)row.Long(0), second, field, estimate => estimate.Add(HashOf(open, word)));
        }

        return true;
    }

    private ulong HashOf(OpenPartition open, long word) =>
        hashes.TryGetValue(word, out var hash) ? hash : hashes[word] = PeopleSketch.HashOf(open.Reader.Word(word));
}
