using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Callwatch.Tests.Store;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Daily figures of messages and runs are those of the records, in any zone and however much of them has been made hour by hour.</summary>
public sealed class ReferenceQueriesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private sealed record Record(long End, bool IsRun, Outcome Outcome, long? Duration, string? User, string? Session, string App, string? Environment, long[] Sums);

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Figures_by_the_day_are_those_of_the_records_however_much_of_them_stands(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 6);
        var random = new Random(seed);
        for (var round = 0; round < 3; round++)
        {
            if (round > 0) new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
            if (round == 2) world.AddChunk(40);
            var all = Records(world);
            Assert.Contains(all, record => record.IsRun);
            Assert.Contains(all, record => !record.IsRun && record.Sums[CallFigures.Positive] > 0);
            foreach (var zone in (string?[])[null, "Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
            {
                foreach (var filter in (string?[])[null, "env:prod", "app:shop outcome:success", "user:anna", "-user:*"])
                {
                    var from = random.Next(2) == 0 ? QueryWorld.From : RandomTraffic.Midnight.Plus(TimeSpan.FromMinutes(random.Next(-30_000, 0)));
                    var selection = new Selection { Scope = QueryWorld.Tenant, From = from, To = QueryWorld.To, Filter = filter };
                    var answer = Assert.IsType<Answer<ReferenceAnswer>.Found>(await world.Reference.FiguresAsync(selection, zone, Cancel)).Value;
                    var wanted = all.Where(record => record.End >= selection.From.UnixNanoseconds && record.End < selection.To.UnixNanoseconds && Fits(record, filter)).ToList();
                    Check([.. wanted.Where(record => !record.IsRun)], answer.Chat, selection.To, $"{seed} {round} {zone} {filter} chat");
                    Check([.. wanted.Where(record => record.IsRun)], answer.Workflow, selection.To, $"{seed} {round} {zone} {filter} runs");
                }
            }
        }
    }

    [Fact]
    public async Task A_day_without_a_message_is_there_and_days_have_as_many_hours_as_the_zone_gives_them()
    {
        using var world = new QueryWorld(seed: 3, chunks: 0);
        Timestamp At(string time) => Timestamp.From(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));
        var selection = new Selection { Scope = QueryWorld.Tenant, From = At("2026-10-23T22:00:00Z"), To = At("2026-10-26T23:00:00Z") };
        var answer = Assert.IsType<Answer<ReferenceAnswer>.Found>(await world.Reference.FiguresAsync(selection, "Europe/Berlin", Cancel)).Value;
        Assert.Equal(["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"], answer.Chat.Points.Select(point => point.Time.ToString()));
        Assert.All(answer.Chat.Points, point => Assert.Equal((0, 0, 0), (point.Figures.Calls, point.Figures.Users, point.Figures.Sessions)));
        Assert.IsType<Answer<ReferenceAnswer>.Invalid>(await world.Reference.FiguresAsync(selection, "Mars/Base", Cancel));
    }

    [Fact]
    public async Task Users_and_conversations_of_more_messages_than_can_be_counted_are_estimated_and_marked()
    {
        using var world = new QueryWorld(seed: 13, chunks: 6, options: new QueryOptions { MostRowsCounted = 0 });
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var answer = Assert.IsType<Answer<ReferenceAnswer>.Found>(await world.Reference.FiguresAsync(selection, null, Cancel)).Value;
        var messages = Records(world).Where(record => !record.IsRun).ToList();
        Assert.Equal(AnswerSource.Rollups, answer.Source);
        Assert.True(answer.Chat.Total.UsersApproximate);
        Assert.Equal(messages.Select(record => record.User).OfType<string>().Distinct().Count(), answer.Chat.Total.Users);
        Assert.Equal(messages.Select(record => record.Session).OfType<string>().Distinct().Count(), answer.Chat.Total.Sessions);
    }

    private static bool Fits(Record record, string? filter) => filter switch
    {
        "env:prod" => record.Environment == "prod",
        "app:shop outcome:success" => record is { App: "shop", Outcome: Outcome.Success },
        "user:anna" => record.User == "anna",
        "-user:*" => record.User is null,
        _ => true,
    };

    private static void Check(List<Record> records, RecordFiguresByDay told, Timestamp to, string what)
    {
        Check(records, told.Total, what);
        for (var i = 0; i < told.Points.Count; i++)
        {
            var (from, until) = (told.Points[i].Time.UnixNanoseconds, i + 1 < told.Points.Count ? told.Points[i + 1].Time.UnixNanoseconds : to.UnixNanoseconds);
            Check([.. records.Where(record => record.End >= from && record.End < until)], told.Points[i].Figures, $"{what} {told.Points[i].Time}");
        }
    }

    private static void Check(List<Record> records, Figures told, string what)
    {
        Assert.True(records.Count == told.Calls, $"{what}: {records.Count}, told {told.Calls}");
        Assert.Equal(records.Count(record => record.Outcome == Outcome.Error), told.Errors);
        Assert.Equal(records.Sum(record => record.Sums[9]), told.TotalTokens);
        Assert.Equal(records.Sum(record => record.Sums[13] / 1e12m), told.CostUsd);
        Assert.Equal(records.Sum(record => record.Sums[CallFigures.Positive]), told.FeedbackPositive);
        Assert.Equal(records.Sum(record => record.Sums[CallFigures.Negative]), told.FeedbackNegative);
        var (users, of) = (records.Select(record => record.User).OfType<string>().ToList(), records.Select(record => record.IsRun ? record.User : record.Session).OfType<string>().ToList());
        Assert.Equal(users.Distinct().Count(), told.Users);
        Assert.Equal(of.Distinct().Count(), told.Sessions);
        Assert.Equal(of.Count == 0 ? null : (double)of.Count / of.Distinct().Count(), told.CallsPerSession);
        var times = records.Where(record => record is { Outcome: Outcome.Success, Duration: not null }).Select(record => record.Duration!.Value / 1_000 / 1e3).ToList();
        if (times.Count == 0) Assert.Null(told.LatencyMs.Avg);
        else Assert.Equal(times.Average(), told.LatencyMs.Avg!.Value, tolerance: 0.002);
    }

    private static List<Record> Records(QueryWorld world)
    {
        var records = new List<Record>();
        foreach (var partition in world.Store.Folder.Partitions)
        {
            using var reader = world.Store.Folder.Open(partition)!;
            using var row = new Statement(reader.Connection, """SELECT "end", kind, outcome, duration, user, session, app, environment, figures FROM records WHERE tenant = 1""");
            while (row.Step())
            {
                var sums = new long[CallFigures.Count];
                RecordFigures.Read(row.Blob(8), sums);
                string? Word(int column) => row.NullableLong(column) is { } id ? reader.Word(id) : null;
                records.Add(new Record(
                    row.Long(0), row.Long(1) == (long)SpanKind.Workflow, (Outcome)row.Long(2), row.NullableLong(3), Word(4), Word(5), world.Apps.NameOf((int)row.Long(6)), Word(7), sums));
            }
        }

        return records;
    }
}
