using Callwatch.Control;
using Callwatch.Costs.Reconciling;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Costs;

public sealed class ReconciliationTests
{
    private static readonly DateOnly First = new(2026, 9, 1);
    private static readonly ReconcileFacts NoFacts = new(null, First);

    [Fact]
    public void What_agrees_says_so()
    {
        var line = Assert.Single(Compare([Tokens(0, "gpt-4o", 1_000)], [Ours(0, "gpt-4o", 999)], NoFacts));
        Assert.Equal([Reconciliation.Agrees], Codes(line));
    }

    [Fact]
    public void Calls_without_a_price_without_counts_and_without_a_span_are_named_with_their_number()
    {
        var facts = NoFacts with { WithoutCall = new Dictionary<DateOnly, long> { [First] = 7 } };
        var line = Assert.Single(Compare([Money(0, "gpt-4o", 10m)], [Ours(0, "gpt-4o", 500, usd: 4m) with { Unpriced = 3, MissingUsage = 2 }], facts));
        Assert.Equal([(Reconciliation.Unpriced, 3L), (Reconciliation.MissingUsage, 2L), (Reconciliation.WithoutCall, 7L)], line.Differences.Select(why => (why.Code, why.Calls!.Value)));
    }

    [Fact]
    public void About_the_same_part_of_every_day_looks_sampled_and_says_which_part()
    {
        var lines = Compare([.. Enumerable.Range(0, 10).Select(day => Tokens(day, "gpt-4o", 1_000 + (day * 50)))], [.. Enumerable.Range(0, 10).Select(day => Ours(day, "gpt-4o", (1_000 + (day * 50)) / 10))], NoFacts);
        Assert.All(lines, line => Assert.Equal([Reconciliation.Sampled], Codes(line)));
        Assert.Equal(0.1, lines[0].Differences[0].Share!.Value, 0.01);
    }

    [Fact]
    public void Calls_around_midnight_are_known_by_the_day_beside()
    {
        var lines = Compare([Tokens(0, "gpt-4o", 1_000), Tokens(1, "gpt-4o", 1_000), Tokens(2, "gpt-4o", 1_000)], [Ours(0, "gpt-4o", 900), Ours(1, "gpt-4o", 1_100), Ours(2, "gpt-4o", 1_000)], NoFacts);
        Assert.Equal([Reconciliation.UtcDays], Codes(lines[0]));
        Assert.Equal([Reconciliation.UtcDays], Codes(lines[1]));
        Assert.Equal([Reconciliation.Agrees], Codes(lines[2]));
    }

    [Fact]
    public void What_only_one_side_has_is_of_others_or_of_before_or_not_in_the_export()
    {
        var facts = new ReconcileFacts(null, First.AddDays(1));
        var lines = Compare([Tokens(0, "gpt-4o", 10), Tokens(1, "gpt-4.1", 10), Tokens(1, "gpt-4o", 10)], [Ours(1, "gpt-4o", 10), Ours(1, "o3", 10)], facts);
        Assert.Equal(
            [("gpt-4o", Reconciliation.BeforeFirst), ("gpt-4.1", Reconciliation.OtherKeys), ("gpt-4o", Reconciliation.Agrees), ("o3", Reconciliation.NotInExport)],
            lines.Select(line => (line.Model, Assert.Single(Codes(line)))));
    }

    [Fact]
    public void Money_that_differs_for_no_reason_known_is_a_matter_of_prices()
    {
        Assert.Equal([Reconciliation.Prices], Codes(Assert.Single(Compare([Money(0, "gpt-4o", 5m)], [Ours(0, "gpt-4o", 10, usd: 10m)], NoFacts))));
        Assert.Equal([Reconciliation.Unexplained], Codes(Assert.Single(Compare([Tokens(0, "gpt-4o", 5)], [Ours(0, "gpt-4o", 10)], NoFacts))));
    }

    [Fact]
    public void Names_that_differ_are_compared_by_family_and_names_that_agree_by_name()
    {
        var family = Assert.Single(Compare([Money(0, "Claude Haiku 4.5", 2m)], [Ours(0, "claude-haiku-4-5-20251001", 1, usd: 1.5m), Ours(0, "claude-haiku-4-5", 1, usd: 0.5m)], NoFacts));
        Assert.Equal([Reconciliation.Agrees], Codes(family));
        Assert.Equal(["claude-haiku-4-5", "claude-haiku-4-5-20251001"], family.OurModels);
        Assert.Equal(2, Compare([Tokens(0, "gpt-4o", 1), Tokens(0, "gpt-4o-2024-08-06", 2)], [Ours(0, "gpt-4o", 1), Ours(0, "gpt-4o-2024-08-06", 2)], NoFacts).Count);
    }

    [Fact]
    public void A_bill_without_models_is_compared_by_the_day()
    {
        var line = Assert.Single(Compare([Money(0, "", 3m)], [Ours(0, "gpt-4o", 1, usd: 1m), Ours(0, "o3", 1, usd: 2m)], NoFacts));
        Assert.Equal(("", 3m), (line.Model, line.Ours!.Usd));
        Assert.Equal([Reconciliation.Agrees], Codes(line));
    }

    [Fact]
    public void What_was_given_back_is_no_call_and_what_was_not_used_is_no_line()
    {
        var lines = Compare([Money(0, UsageExportReader.Credits, -5m), Money(0, "gpt-4o", 2m), Money(0, "o3", 0m), Money(0, "gpt-4.1", 0m)], [Ours(0, "gpt-4o", 1, usd: 2m), Ours(0, "gpt-4.1", 7, usd: 1m)], NoFacts);
        Assert.Equal(
            [(UsageExportReader.Credits, Reconciliation.Credits), ("gpt-4.1", Reconciliation.NotInExport), ("gpt-4o", Reconciliation.Agrees)],
            lines.Select(line => (line.Model, Assert.Single(Codes(line)))));
        // Also where the bill names no models.
        lines = Compare([Money(0, UsageExportReader.Credits, -5m), Money(0, "", 3m)], [Ours(0, "gpt-4o", 1, usd: 1m), Ours(0, "o3", 1, usd: 2m)], NoFacts);
        Assert.Equal([("", Reconciliation.Agrees), (UsageExportReader.Credits, Reconciliation.Credits)], lines.Select(line => (line.Model, Assert.Single(Codes(line)))));
    }

    [Fact]
    public void Imports_are_kept_exactly_bounded_deleted_and_audited()
    {
        using var folder = new TempFolder();
        using var db = new ControlDb(folder.At("control.db"));
        var time = new ManualTime();
        new FirstStart(db, new Keys(db, time), time).Ensure(folder.Path, givenAdminKey: null);
        var imports = new ReconcileImports(db, time);
        var export = new UsageExport("openai", "cost", [Money(0, "gpt-4o", 123_456.789012345678m), Tokens(1, "", 5)], 9);
        var kept = Assert.IsType<KeepResult.Kept>(imports.Keep(1, "  bill.csv ", export, "anna")).Import;
        Assert.Equal(("bill.csv", First, First.AddDays(1)), (kept.Name, kept.FirstDay, kept.LastDay));
        Assert.Equal(export.Rows, imports.Find(1, kept.Id)!.Value.Export.Rows);
        Assert.Null(imports.Find(2, kept.Id));
        Assert.False(imports.Delete(2, kept.Id, "eve"));
        for (var i = 1; i < ReconcileImports.Most; i++) imports.Keep(1, "more", export, "anna");
        Assert.IsType<KeepResult.Full>(imports.Keep(1, "one too many", export, "anna"));
        Assert.True(imports.Delete(1, kept.Id, "anna"));
        Assert.Null(imports.Find(1, kept.Id));
        using var connection = db.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(what || ' ' || who, '|') FROM (SELECT what, who FROM audit ORDER BY id DESC LIMIT 1)";
        Assert.Equal("delete a reconciling import anna", command.ExecuteScalar());
        command.CommandText = $"SELECT count(*) FROM reconcile_rows WHERE import = {kept.Id}";
        Assert.Equal(0L, command.ExecuteScalar());
    }

    private static IReadOnlyList<ReconcileLine> Compare(IReadOnlyList<UsageRow> theirs, IReadOnlyList<OurUsage> ours, ReconcileFacts facts) => Reconciliation.Compare(new UsageExport("openai", "usage", theirs, theirs.Count), ours, facts);

    private static List<string> Codes(ReconcileLine line) => [.. line.Differences.Select(why => why.Code)];

    private static UsageRow Tokens(int day, string model, long input) => new(First.AddDays(day), model, null, input, null, null, null, null);

    private static UsageRow Money(int day, string model, decimal usd) => new(First.AddDays(day), model, null, null, null, null, null, usd);

    private static OurUsage Ours(int day, string model, long input, decimal usd = 0) => new(First.AddDays(day), model, 1, 0, input, 0, 0, 0, usd, 0, 0);
}
