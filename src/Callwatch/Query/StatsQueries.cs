using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;

namespace Callwatch.Query;

/// <summary>Figures, as a whole and over time.</summary>
public sealed class StatsQueries(QueryGate gate, Scopes scopes)
{
    public async Task<Answer<StatsAnswer>> FiguresAsync(StatsQuestion question, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<StatsAnswer>(question.Selection);
        if (asked is null) return invalid!;
        var (by, wrong) = GroupFields.Read(question.By);
        if (by is null) return new Answer<StatsAnswer>.Invalid("by", wrong!);
        if (question.MaxGroups < 1) return new Answer<StatsAnswer>.Invalid("limit", "'limit' is at least 1.");
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(question.TimeZone ?? "UTC", out var zone))
            return new Answer<StatsAnswer>.Invalid("tz", "'tz' is the name of a time zone, such as Europe/Berlin.");
        if (Buckets.Over(question.Selection.From, question.Selection.To, question.Step, zone) is not { } buckets)
            return new Answer<StatsAnswer>.Invalid("step", $"The range has more than {Buckets.Most} buckets of this width; take a wider one, or 'auto'.");
        return await gate.AnswerAsync(question.Selection.Scope, run => new Answer<StatsAnswer>.Found(Read(run, asked, question, buckets, by, zone)), cancel);
    }

    private StatsAnswer Read(QueryRun run, Asked asked, StatsQuestion question, Buckets buckets, IReadOnlyList<GroupField> by, TimeZoneInfo zone)
    {
        var scope = asked.Selection.Scope;
        var people = new People();
        using var sources = new FigureSources(run);
        var plan = StatsPlan.Of(run, sources, asked, by);
        // Of users, releases, prompts and tags nothing narrower than hours stands: quarters of so many calls would have their rows read.
        if (plan is { IsBounded: true, Wide: false } && question.Step == Step.Auto && buckets.Step == Step.QuarterHour) buckets = Buckets.Over(asked.Selection.From, asked.Selection.To, Step.Hour, zone) ?? buckets;
        var cuts = plan?.Cut is { } cut ? scopes.Sql(scope, CutColumns.Of[cut]) : null;
        var scan = new StatsScan(asked, by, scopes.Apps, scopes.Sql(scope, FieldColumns.OfCalls), scopes.Sql(scope, FieldColumns.OfRollups), cuts, people, buckets);
        return new StatsReader(run, asked, question, buckets, by, plan, scan, sources, people, scopes.Apps).Read();
    }
}
