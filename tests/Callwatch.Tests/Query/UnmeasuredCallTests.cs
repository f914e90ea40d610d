using Callwatch.Query;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Calls of which nobody knows the usage are counted from an index of their own, which comes to the same as reading all rows.</summary>
public sealed class UnmeasuredCallTests
{
    private static readonly string[] Filters = ["-input_tokens:*", "-input_tokens:* outcome:success", "provider:openai -input_tokens:* outcome:success", "-input_tokens:* user:user3", "-input_tokens:* tag:beta", "-input_tokens:* app:nobody", "-input_tokens:* -input_tokens:*"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_without_usage_are_counted_the_same_from_their_index_as_from_all_rows_and_after_late_ones()
    {
        using var ordered = new OrderWorld(seed: 51);
        await AssertCountedAsync(ordered);
        ordered.Close(Cancel);
        await AssertCountedAsync(ordered);
        ordered.AddLate(80);
        ordered.Revise(30);
        await AssertCountedAsync(ordered);
    }

    [Fact]
    public async Task A_day_closed_by_an_earlier_version_is_counted_without_the_index_until_it_has_got_it()
    {
        using var ordered = new OrderWorld(seed: 52);
        ordered.Close(Cancel);
        var folder = ordered.World.Store.Folder;
        foreach (var partition in folder.Partitions)
        {
            using var connection = StoreDatabase.OpenForWriting(Path.Combine(folder.Folder, partition.File), "partition", cacheKib: 512);
            StoreDatabase.Execute(connection, "DROP INDEX calls_unmeasured");
        }

        await AssertCountedAsync(ordered);
        var closing = new PartitionClosing(folder, ordered.World.Time);
        foreach (var _ in folder.Partitions) closing.Confirm(closing.Close(Assert.IsType<Partition>(closing.Lacking()), Cancel));
        Assert.Null(closing.Lacking());
        foreach (var partition in folder.Partitions)
        {
            using var reader = folder.Open(partition)!;
            // Refused where the index cannot answer what is asked.
            using var all = new Statement(reader.Connection, "SELECT count(*) FROM calls c INDEXED BY calls_unmeasured WHERE (c.input_tokens) IS NULL");
            Assert.NotEqual(0, all.Number() ?? 0);
        }

        await AssertCountedAsync(ordered);
    }

    private static async Task AssertCountedAsync(OrderWorld ordered)
    {
        var all = ordered.World.AllCalls();
        foreach (var filter in Filters)
        {
            foreach (var (from, to) in ((TimeSpan, TimeSpan)[])[(TimeSpan.Zero, TimeSpan.FromDays(3)), (TimeSpan.FromHours(5.3), TimeSpan.FromHours(30)), (TimeSpan.FromHours(50), TimeSpan.FromHours(51))])
            {
                var selection = new Selection { Scope = QueryWorld.Tenant, From = OrderWorld.From.Plus(from), To = OrderWorld.From.Plus(to), Filter = filter };
                foreach (var onlyCalls in (bool[])[true, false])
                {
                    var question = new StatsQuestion { Selection = selection, Step = Step.Day, By = ["model"], OnlyCalls = onlyCalls, CountPeople = false };
                    var found = Assert.IsType<Answer<StatsAnswer>.Found>(await ordered.World.Stats.FiguresAsync(question, Cancel)).Value;
                    var counted = found.Groups.SelectMany(group => group.Points.Where(point => point.Figures.Calls > 0).Select(point => (group.Key["model"] ?? "", point.Time.UnixSeconds / 86_400, point.Figures.Calls)));
                    var expected = all.Where(RandomQuestions.Test(selection, ordered.World.Apps.NameOf)).GroupBy(call => (call.Call!.ResponseModel ?? "", call.End.UnixSeconds / 86_400)).Select(day => (day.Key.Item1, day.Key.Item2, day.LongCount()));
                    Assert.Equal(expected.Order(), counted.Order());
                }
            }
        }
    }
}
