using Callwatch.Query;
using Callwatch.Store.Derived;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Files whose hours and days were made by a version that kept no figures by environment.</summary>
public sealed class EarlierEnvironmentsTests
{
    private static readonly Selection Everything = new() { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };

    private static readonly StatsQuestion[] Questions =
    [
        new() { Selection = Everything, By = ["env"], Step = Step.Day, MaxGroups = 10_000 },
        new() { Selection = Everything, By = ["provider", "env"], Step = Step.Hour, MaxGroups = 10_000 },
        new() { Selection = Everything with { Filter = "-env:default" }, By = ["asked_model"], Step = Step.Day, MaxGroups = 10_000 },
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Figures_by_environment_are_those_of_the_calls_before_and_after_the_files_have_been_brought_up_to_date()
    {
        using var world = new QueryWorld(seed: 41, chunks: 5, options: new QueryOptions { MostRowsCounted = 0 });
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var files = world.Store.Folder.Partitions.Select(partition => Path.Combine(world.Store.Folder.Folder, partition.File)).ToList();
        foreach (var file in files) AsEarlier(file);
        await AskAsync(world);

        // Whoever opens a file for writing brings it up to date; then its hours lack what they have to have.
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        Assert.All(files, file => Assert.Equal((0L, true), (Number(file, "SELECT count(*) FROM derived WHERE state <> 1"), Number(file, "SELECT count(*) FROM cuts WHERE cut = 7") > 0)));
        await AskAsync(world);
    }

    private static async Task AskAsync(QueryWorld world)
    {
        var all = world.AllCalls();
        foreach (var question in Questions)
        {
            var answer = FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel));
            Assert.Equal(AnswerSource.Rollups, answer.Source);
            LevelsTests.Compare(world, all, question, answer, string.Join(',', question.By));
        }
    }

    private static void AsEarlier(string file)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM cuts WHERE cut = 7; PRAGMA user_version = 5; PRAGMA application_id = 5; PRAGMA wal_checkpoint(TRUNCATE)";
        command.ExecuteNonQuery();
    }

    private static long Number(string file, string sql)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
