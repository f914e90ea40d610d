using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>Messages, or runs of workflows, by the day: <see cref="Figures.Calls"/> is how many there were, <see cref="Figures.Sessions"/> their conversations.</summary>
/// <param name="Points">Every day of the range is there.</param>
public sealed record RecordFiguresByDay(Figures Total, IReadOnlyList<StatsPoint> Points);

/// <summary>The figures that platforms of applications show of them, from business traces (docs/figures.md).</summary>
/// <param name="Workflow">Runs that are no part of a message or another run. Their users stand in <see cref="Figures.Users"/>, runs per user in <see cref="Figures.CallsPerSession"/>.</param>
public sealed record ReferenceAnswer(AnswerSource Source, RecordFiguresByDay Chat, RecordFiguresByDay Workflow)
{
    /// <summary>Where only rows could answer and retention has taken some of the range: the moment from which on they are all there. Null otherwise.</summary>
    public Timestamp? RowsFrom { get; init; }
}

/// <summary>Daily figures of business traces.</summary>
public sealed class ReferenceQueries(QueryGate gate, Scopes scopes)
{
    /// <param name="timeZone">IANA zone in which days begin; null is UTC.</param>
    public async Task<Answer<ReferenceAnswer>> FiguresAsync(Selection selection, string? timeZone, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<ReferenceAnswer>(selection);
        if (asked is null) return invalid!;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone ?? "UTC", out var zone))
            return new Answer<ReferenceAnswer>.Invalid("tz", "'tz' is the name of a time zone, such as Europe/Berlin.");
        if (Buckets.Over(selection.From, selection.To, Step.Day, zone) is not { } days)
            return new Answer<ReferenceAnswer>.Invalid("from", $"The range has more than {Buckets.Most} days.");
        return await gate.AnswerAsync(selection.Scope, run => new Answer<ReferenceAnswer>.Found(Read(run, asked, days)), cancel);
    }

    private ReferenceAnswer Read(QueryRun run, Asked asked, Buckets days)
    {
        var scope = asked.Selection.Scope;
        using var sources = new FigureSources(run);
        var scan = new RecordScan(asked, scopes.Sql(scope, FieldColumns.OfSpans), scopes.Sql(scope, CutColumns.Of[Store.Rollups.Cut.Message]));
        return new ReferenceReader(run, asked, days, sources, scan).Read();
    }
}
