using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Tests.Query;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>What is asked of a store whose rows go.</summary>
internal static class Retired
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static KeptStore Of(QueryWorld world) => new(world.Store, world.At("retention.db"), world.Time);

    public static StatsQuestion Question(string[] by, Step step) => new()
    {
        Selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To },
        By = by,
        Step = step,
        MaxGroups = 1_000,
    };

    // Ranges that the levels kept can answer: whole quarters.
    public static async Task CompareAsync(QueryWorld world, IReadOnlyList<Span> all, int seed, int asks = 25)
    {
        string[] groups = ["app", "model", "provider", "kind", "operation", "outcome", "env", "asked_model"];
        for (var ask = 0; ask < asks; ask++)
        {
            var questions = new RandomQuestions((seed * 1_000) + ask);
            var selection = questions.Selection(rollupsOnly: true);
            selection = selection with { From = Quarter(selection.From), To = Quarter(selection.To.Plus(TimeSpan.FromMinutes(15))) };
            string[] by = [.. Enumerable.Range(0, questions.Random.Next(3)).Select(_ => questions.Pick(groups)).Distinct()];
            var zone = questions.Pick<string?>(null, "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe");
            var question = new StatsQuestion { Selection = selection, By = by, TimeZone = zone, Step = questions.Pick(Step.QuarterHour, Step.Day, Step.Hour), MaxGroups = 10_000 };
            if (await world.Stats.FiguresAsync(question, Cancel) is Answer<StatsAnswer>.Found { Value: var answer })
                LevelsTests.Compare(world, all, question, answer, $"seed {seed} ask {ask} {selection.Filter} by {string.Join(',', by)} {zone} {question.Step}");
        }

        static Timestamp Quarter(Timestamp time) => Timestamp.FromUnixSeconds(time.UnixSeconds / 900 * 900);
    }
}
