using Callwatch.Cli.Demo.Records;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>What a demo shall do.</summary>
internal sealed record DemoPlan
{
    public int Seed { get; init; } = 1;

    /// <summary>How far back the history goes.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Business figures are looked at by the day, and their records are few: two weeks of them for six hours.</summary>
    public TimeSpan RecordHistory => TimeSpan.FromTicks(Math.Min(History.Ticks * 56, TimeSpan.FromDays(28).Ticks));

    /// <summary>1 makes about 30 calls per minute.</summary>
    public double Pace { get; init; } = 1;

    /// <summary>End after the history.</summary>
    public bool HistoryOnly { get; init; }
}

/// <summary>
/// First the history, so that every chart is full at once: the hours up to now, the business records of two weeks, the same hours a week ago.
/// Then what happens as it happens.
/// </summary>
internal sealed class DemoRun(DemoSender sender, TimeProvider time, DemoPlan plan, Action<string> say)
{
    private const int SpansPerRequest = 1000;
    private const int RecordsPerRequest = 200;
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>Runs until cancelled, or to the end of the history; null, or the status of the refusal that ended it.</summary>
    public async Task<int?> RunAsync(CancellationToken cancel)
    {
        var now = Timestamp.From(time.GetUtcNow());
        var before = new DemoTraffic(new Story(now, calm: true), new Dice(plan.Seed + 1), now.Plus(-Week - plan.History), plan.Pace);
        var traffic = new DemoTraffic(new Story(now, calm: false), new Dice(plan.Seed), now.Plus(-plan.History), plan.Pace);

        var business = new RecordTraffic(new Dice(plan.Seed + 2), now.Plus(-plan.RecordHistory), plan.Pace);

        // The hours before now matter most, and come first.
        if (await SendAsync(traffic.Until(now), cancel) is { } refused) return refused;
        say($"demo: the last {plan.History.TotalHours:0.#} hours are there");
        if (await HandOverAsync(business.Until(now), cancel) is { } refusedRecords) return refusedRecords;
        if (await SendAsync(before.Until(now.Plus(-Week).Plus(plan.History)), cancel) is { } refusedToo) return refusedToo;
        say("demo: the same hours a week ago are there");
        if (plan.HistoryOnly) return null;
        say("demo: live from here on");
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await second.WaitForNextTickAsync(cancel))
        {
            var moment = Timestamp.From(time.GetUtcNow());
            if (await SendAsync(traffic.Until(moment), cancel) is { } refusedLive) return refusedLive;
            if (await HandOverAsync(business.Until(moment), cancel) is { } refusedLiveRecords) return refusedLiveRecords;
        }

        return null;
    }

    private async Task<int?> SendAsync(IEnumerable<DemoSpan> spans, CancellationToken cancel)
    {
        foreach (var chunk in spans.Chunk(SpansPerRequest))
            if (await sender.SendAsync(chunk, cancel) is DemoDelivery.Refused refused) return refused.Status;
        return null;
    }

    private async Task<int?> HandOverAsync(IEnumerable<DemoRecord> records, CancellationToken cancel)
    {
        foreach (var chunk in records.Chunk(RecordsPerRequest))
        {
            var (told, judged) = (chunk.Where(record => !record.IsFeedback).ToList(), chunk.Where(record => record.IsFeedback).ToList());
            if (told.Count > 0 && await sender.HandOverAsync(told, cancel) is DemoDelivery.Refused refused) return refused.Status;
            // Each is a request of its own, as people give them.
            var answers = await Task.WhenAll(judged.Select(judgement => sender.JudgeAsync(judgement, cancel)));
            if (answers.OfType<DemoDelivery.Refused>().FirstOrDefault() is { } refusedJudgement) return refusedJudgement.Status;
        }

        return null;
    }
}
