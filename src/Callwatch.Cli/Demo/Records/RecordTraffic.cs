using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Records;

/// <summary>All applications of the demo that hand over records, on one clock.</summary>
/// <param name="begin">Where the clock stands at first.</param>
/// <param name="pace">As of <see cref="DemoTraffic"/>.</param>
internal sealed class RecordTraffic(Dice dice, Timestamp begin, double pace)
{
    private readonly (IRecordApp App, Timestamp[] Next)[] apps = [.. new IRecordApp[] { new HouseGuide(), new ExpenseCheck() }.Select(app => (app, new[] { begin }))];
    private readonly PriorityQueue<DemoRecord, (Timestamp Ready, long Number)> waiting = new();
    private long number;

    /// <summary>What is handed over before <paramref name="until"/>, in order; each is given once.</summary>
    public IEnumerable<DemoRecord> Until(Timestamp until)
    {
        foreach (var (app, next) in apps)
        {
            while (next[0] < until)
            {
                foreach (var record in app.Begin(dice, next[0])) waiting.Enqueue(record, (record.Ready, number++));
                next[0] = next[0].Plus(TimeSpan.FromSeconds(dice.Wait(app.PerMinute * pace * Rhythm(next[0]) / 60)));
            }
        }

        while (waiting.TryPeek(out _, out var first) && first.Ready < until) yield return waiting.Dequeue();
    }

    // People at work: by day more than by night, on weekdays more than at the weekend.
    private static double Rhythm(Timestamp at)
    {
        var time = at.ToDateTimeOffset();
        var day = 0.4 + Math.Max(0, Math.Sin(Math.PI * (time.TimeOfDay.TotalHours - 6) / 13));
        return day * (time.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 0.4 : 1);
    }
}
