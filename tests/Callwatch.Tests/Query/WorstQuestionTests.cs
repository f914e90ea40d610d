using Callwatch.Query;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Alone: what is allocated is counted for the process as a whole.</summary>
[CollectionDefinition(nameof(WorstQuestionTests), DisableParallelization = true)]
[Collection(nameof(WorstQuestionTests))]
public sealed class WorstQuestionTests
{
    private const int Users = 30_000;

    private static readonly Selection Everything = new() { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_worst_questions_take_bounded_memory()
    {
        using var world = new QueryWorld(seed: 31, chunks: 1, options: new QueryOptions { MaxGroups = 500 });
        // Each call with a name, a user and a session of its own, as nobody should send them.
        for (var hour = 0; hour < 3; hour++) world.AddUsers(Users / 3, hour * 3);

        // A text that is in nearly every word, values and people without number, groups past the bound, all of them sorted.
        (string Name, Func<Task<object>> Ask, int Megabytes)[] questions =
        [
            ("free text in every word", async () => await world.Calls.ListAsync(Everything with { Filter = "\"s\" -\"no such words\"" }, new SortOrder(SortField.Cost, true), 1_000, null, Cancel), 200),
            ("sorted without an index", async () => await world.Calls.ListAsync(Everything, new SortOrder(SortField.TotalTokens, false), 1_000, null, Cancel), 32),
            ("traces by their spans", async () => await world.Traces.ListAsync(Everything with { Filter = "-user:nobody -model:none" }, SortOrder.Newest, 1_000, null, Cancel), 64),
            ("values of every call", async () => await world.Facets.ValuesAsync("session", null, Everything with { Filter = "-user:nobody" }, 1_000, Cancel), 64),
            ("people of every call", async () => await world.People.UsersAsync(Everything, 1_000, null, Cancel), 64),
            ("groups of every call", async () => await world.Stats.FiguresAsync(new StatsQuestion { Selection = Everything with { Filter = "-user:nobody" }, By = ["user", "session"], Step = Step.Hour }, Cancel), 256),
            ("errors", async () => await world.Errors.GroupsAsync(Everything, 1_000, Cancel), 32),
        ];
        foreach (var (name, ask, megabytes) in questions)
        {
            // Once before, for what is made once: code, statements, words that are kept.
            await ask();
            SQLitePCL.raw.sqlite3_memory_highwater(1);
            var (managed, native) = (GC.GetTotalAllocatedBytes(precise: true), SQLitePCL.raw.sqlite3_memory_used());
            var answer = await ask();
            managed = GC.GetTotalAllocatedBytes(precise: true) - managed;
            native = SQLitePCL.raw.sqlite3_memory_highwater(0) - native;
            Assert.True(managed < megabytes * 1_000_000L, $"{name}: {managed:N0} bytes allocated for {answer.GetType().Name}");
            Assert.True(native < 32_000_000, $"{name}: {native:N0} bytes in SQLite");
        }
    }
}
