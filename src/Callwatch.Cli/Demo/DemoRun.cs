using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>What a demo shall do.</summary>
internal sealed record DemoPlan
{
    public int Seed { get; init; } = 1;

    /// <summary>How far back the history goes.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromHours(6);

    /// <summary>1 makes about 30 calls per minute.</summary>
    public double Pace { get; init; } = 1;

    /// <summary>End after the history.</summary>
    public bool HistoryOnly { get; init; }
}

/// <summary>
/// First the history, so that every chart is full at once: the same hours a week ago, then the hours up to now. Then what happens as it happens.
/// </summary>
internal sealed class DemoRun(DemoSender sender, TimeProvider time, DemoPlan plan, Action<string> say)
{
    private const int SpansPerRequest = 1000;
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>Runs until cancelled, or to the end of the history; null, or the status of the refusal that ended it.</summary>
    public async Task<int?> RunAsync(CancellationToken cancel)
    {
        var now = Timestamp.From(time.GetUtcNow());
        var before = new DemoTraffic(new Story(now, calm: true), new Dice(plan.Seed + 1), now.Plus(-Week - plan.History), plan.Pace);
        var traffic = new DemoTraffic(new Story(now, calm: false), new Dice(plan.Seed), now.Plus(-plan.History), plan.Pace);

        // The hours before now matter most, and come first.
        if (await SendAsync(traffic.Until(now), cancel) is { } refused) return refused;
        say($"demo: the last {plan.History.TotalHours:0.#} hours are there");
        if (await SendAsync(before.Until(now.Plus(-Week).Plus(plan.History)), cancel) is { } refusedToo) return refusedToo;
        say("demo: the same hours a week ago are there");
        if (plan.HistoryOnly) return null;
        say("demo: live from here on");
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await second.WaitForNextTickAsync(cancel))
        {
            if (await SendAsync(traffic.Until(Timestamp.From(time.GetUtcNow())), cancel) is { } refusedLive) return refusedLive;
        }

        return null;
    }

    private async Task<int?> SendAsync(IEnumerable<DemoSpan> spans, CancellationToken cancel)
    {
        foreach (var chunk in spans.Chunk(SpansPerRequest))
            if (await sender.SendAsync(chunk, cancel) is DemoDelivery.Refused refused) return refused.Status;
        return null;
    }
}
