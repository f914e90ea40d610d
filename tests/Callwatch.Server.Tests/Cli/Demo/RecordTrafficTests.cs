using System.Text.Json.Nodes;
using Callwatch.Cli.Demo;
using Callwatch.Cli.Demo.Records;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Cli.Demo;

public sealed class RecordTrafficTests
{
    private static readonly Timestamp Now = Timestamp.From(new DateTimeOffset(2026, 9, 17, 14, 30, 0, TimeSpan.Zero));
    private static readonly IReadOnlyList<DemoRecord> Records = Days(14, seed: 3);

    [Fact]
    public void The_same_seed_and_clock_hand_over_the_same_records() =>
        Assert.Equal(Days(1, seed: 7).Select(record => record.Body.ToJsonString()), Days(1, seed: 7).Select(record => record.Body.ToJsonString()));

    [Fact]
    public void All_eight_records_and_feedback_of_both_kinds_are_among_them()
    {
        Assert.Equal(
            ["conversation", "dataset_retrieval", "generate_conversation_name", "message", "moderation", "suggested_question", "tool", "workflow"],
            Records.Where(record => !record.IsFeedback).Select(record => (string)record.Body["type"]!).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal([-1, 1], Records.Where(record => record.IsFeedback).Select(record => (int)record.Body["value"]!).Distinct().Order());
    }

    [Fact]
    public void Two_weeks_are_some_thousand_messages_on_every_day_and_more_on_weekdays()
    {
        var days = Records.Where(record => (string?)record.Body["type"] == "message").GroupBy(record => record.Ready.ToDateTimeOffset().Date).ToDictionary(day => day.Key, day => day.Count());
        Assert.InRange(days.Values.Sum(), 1_500, 5_000);
        Assert.Equal(15, days.Count);
        Assert.True(days[new DateTime(2026, 9, 15)] > days[new DateTime(2026, 9, 13)]);
    }

    [Fact]
    public void Nothing_ends_before_it_began_is_handed_over_before_it_has_ended_or_comes_out_of_order()
    {
        Assert.All(Records.Where(record => !record.IsFeedback), record =>
        {
            var (start, end) = (At(record.Body, "start_time"), At(record.Body, "end_time"));
            Assert.True(start <= end && end <= record.Ready && record.Ready < Now);
            Assert.All(record.Body["nodes"]?.AsArray() ?? [], node => Assert.True(start <= At(node!, "start_time") && At(node!, "end_time") <= end));
        });
        Assert.Equal(Records.OrderBy(record => record.Ready).Select(record => record.Ready), Records.Select(record => record.Ready));
    }

    private static Timestamp At(JsonNode body, string name) => Timestamp.TryParse((string)body[name]!, out var time) ? time : throw new FormatException(name);

    private static IReadOnlyList<DemoRecord> Days(double days, int seed) => [.. new RecordTraffic(new Dice(seed), Now.Plus(TimeSpan.FromDays(-days)), pace: 1).Until(Now)];
}
