using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Spans;

namespace Callwatch.Dashboard.SystemState;

/// <summary>What came, how far behind the store was and how much memory it took, since the start or within the last hour.</summary>
public sealed class SystemCharts(IReadOnlyList<SystemSample> samples, Timestamp now, Words words)
{
    /// <summary>So that a process that has just begun does not draw one point over the whole width.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(5);

    /// <summary>Rates need two samples.</summary>
    public bool HasSome => samples.Count > 1;

    public TimeChart Throughput() => Chart(
        words["Throughput"], words["per second"],
        [
            new Series(words["spans stored"], "c1", Stroke.Thick, Rates(sample => sample.Spans)),
            new Series(words["requests received"], "c2", Stroke.Line, Rates(sample => sample.Requests)),
        ],
        words.Say("Throughput: {0} spans stored and {1} requests received since the chart begins.", Figure.Count(Grown(sample => sample.Spans)), Figure.Count(Grown(sample => sample.Requests))));

    public TimeChart Lag() => Chart(
        words["Lag of the store"], "s", [new Series(words["lag"], "c1", Stroke.Area, Values(sample => sample.LagSeconds))],
        words.Say("Lag of the store: {0} now.", Figure.Duration(samples[^1].LagSeconds * 1000)), "s");

    public TimeChart Memory() => Chart(
        words["Memory"], "MB", [new Series(words["resident"], "c1", Stroke.Area, Values(sample => sample.MemoryBytes / 1e6))],
        words.Say("Memory: {0} now.", Figure.Bytes(samples[^1].MemoryBytes)), "MB");

    private long Grown(Func<SystemSample, long> count) => Math.Max(0, count(samples[^1]) - count(samples[0]));

    // A count that falls is a store that was opened anew.
    private double?[] Rates(Func<SystemSample, long> count) =>
        [.. samples.Zip(samples.Skip(1), (before, after) => (double?)(Math.Max(0, count(after) - count(before)) / Math.Max(0.001, (after.At.UnixNanoseconds - before.At.UnixNanoseconds) / 1e9)))];

    private double?[] Values(Func<SystemSample, double> value) => [.. samples.Skip(1).Select(sample => (double?)value(sample))];

    private TimeChart Chart(string title, string unit, IReadOnlyList<Series> series, string spoken, string valueUnit = "") => new()
    {
        Title = title,
        Unit = unit,
        From = samples[0].At > now.Plus(-Least) ? now.Plus(-Least) : samples[0].At,
        To = now,
        Step = SystemSamples.Every,
        Times = [.. samples.Take(samples.Count - 1).Select(sample => sample.At)],
        Series = series,
        ValueUnit = valueUnit,
        Spoken = spoken,
        Zoomable = false,
    };
}
