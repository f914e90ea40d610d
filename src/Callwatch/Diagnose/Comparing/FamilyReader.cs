using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Store.Rollups;

namespace Callwatch.Diagnose.Comparing;

/// <summary>What a window adds up to, by several families of fields.</summary>
internal sealed record FamilyTables(IReadOnlyList<CellTable> Tables, AnswerSource Source);

/// <summary>Adds up one window by families of fields. What several of them need, rows and rollups by all dimensions, is read once for all.</summary>
internal sealed class FamilyReader(Scopes scopes)
{
    /// <summary>
    /// Up to so many rows users, releases, prompts and tags are told apart one by one. Beyond, what was counted of the greatest of each hour does:
    /// whatever explains a change is among them.
    /// </summary>
    private const long MostRowsCounted = 40_000;

    public FamilyTables Read(QueryRun run, IReadOnlyList<Family> families, Asked asked, SlowFrom slow)
    {
        var allTimed = asked.Filter.Terms.Any(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.Outcome);
        var buckets = Buckets.Over(asked.Selection.From, asked.Selection.To, Step.Day, TimeZoneInfo.Utc) ?? throw new TimeIsUpException();
        using var sources = new FigureSources(run);
        List<FamilyPart> parts = [.. families.Select(family => PartOf(run, sources, asked, family, new CellTable(family, allTimed, slow)))];
        var source = AnswerSource.Rollups;
        foreach (var alike in parts.GroupBy(part => part.Shape(asked)).Select(group => group.ToList()))
        {
            var range = new RangeScan(asked, sources, alike[0].Plan, buckets.Widest);
            if (range.Source == AnswerSource.Rows) source = AnswerSource.Rows;
            range.Read(range.Source, alike[0].Scan, alike.Count == 1
                ? new StatsStretches<Cell>(alike[0].Scan, alike[0].Plan, alike[0].Table, withPeople: false)
                : new FamilyStretches(alike, by => ScanOf(asked, by, cut: null)));
        }

        return new FamilyTables([.. parts.Select(part => part.Table)], source);
    }

    private FamilyPart PartOf(QueryRun run, FigureSources sources, Asked asked, Family family, CellTable table)
    {
        IReadOnlyList<GroupField> by = [.. family.Fields.Select(field => new GroupField(field, null, field.Name))];
        var plan = StatsPlan.Of(run, sources, asked, by, MostRowsCounted);
        return new FamilyPart(family, plan, ScanOf(asked, by, plan?.Cut), table);
    }

    private StatsScan ScanOf(Asked asked, IReadOnlyList<GroupField> by, Cut? cut)
    {
        var scope = asked.Selection.Scope;
        var cuts = cut is { } one ? scopes.Sql(scope, CutColumns.Of[one]) : null;
        return new StatsScan(asked, by, scopes.Apps, scopes.Sql(scope, FieldColumns.OfCalls), scopes.Sql(scope, FieldColumns.OfRollups), cuts, new People { AreCounted = false });
    }
}

/// <summary>A family on its way through the partitions.</summary>
internal sealed record FamilyPart(Family Family, StatsPlan? Plan, StatsScan Scan, CellTable Table)
{
    /// <summary>The same for families of which each stretch is read from the same: from a cut of their own, from rollups by all dimensions, or from rows.</summary>
    public (bool Any, bool Cut, bool Bounded, bool Minutes, bool Quarters, bool Wide, string? Alone) Shape(Asked asked) => Plan is not { } plan ? default
        : (true, plan.Cut is not null, plan.IsBounded, plan.Cut?.Has(RollupLevel.Minute) == true, plan.Cut?.Has(RollupLevel.QuarterHour) == true, plan.Wide,
           // Whether a value that is asked for may be among the rest is another question for each cut.
           plan.Cut is { } cut && CutColumns.AsksForBounded(cut, asked.Filter) ? Family.Name : null);
}
