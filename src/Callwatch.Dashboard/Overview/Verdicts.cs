using System.Globalization;
using Callwatch.Dashboard.Language;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Overview;

/// <summary>How bad it is. Calm is the normal state; colour is for the other two.</summary>
public enum Level
{
    Calm, Warn, Bad,
}

/// <summary>A figure judged in a word or two.</summary>
public sealed record Verdict(Level Level, string Words);

/// <summary>
/// Says in words whether the application is up, failing, slow or expensive. The limits are meant to stay silent on an ordinary day:
/// a verdict needs a change that people would notice, and enough calls that it is no chance.
/// </summary>
public static class Verdicts
{
    private const int EnoughCalls = 20;

    public static Verdict Calls(OverviewModel model, Words words)
    {
        if (QuietSince(model) is { } since) return new Verdict(Level.Bad, words.Say("silent since {0}", Minute(since, model.Zone)));
        if (model.Baseline is null) return new Verdict(Level.Calm, "");
        return ((double)model.All.Total.Calls / model.Baseline.All.Total.Calls) switch
        {
            < 0.5 => new Verdict(Level.Warn, words["far fewer than usual"]),
            > 2 => new Verdict(Level.Warn, words["far more than usual"]),
            < 0.8 => new Verdict(Level.Calm, words["fewer than usual"]),
            > 1.25 => new Verdict(Level.Calm, words["more than usual"]),
            _ => new Verdict(Level.Calm, words["normal"]),
        };
    }

    public static Verdict Success(OverviewModel model, Words words)
    {
        var level = OfSuccess(model.All.Total, model.Baseline?.All.Total);
        return level switch
        {
            Level.Bad => new Verdict(level, words["failing"]),
            Level.Warn => new Verdict(level, model.Baseline is null ? words["many failures"] : words["failing more"]),
            _ => new Verdict(level, model.Baseline is null ? "" : words["normal"]),
        };
    }

    public static Verdict Latency(OverviewModel model, Words words)
    {
        if (model.Baseline is null) return new Verdict(Level.Calm, "");
        var (now, then) = (model.All.Total, model.Baseline.All.Total);
        var (whole, first) = (OfLatency(now.LatencyMs.P95, then.LatencyMs.P95, now.Calls), OfLatency(now.TtftMs.P95, then.TtftMs.P95, now.Calls));
        var level = whole > first ? whole : first;
        if (level == Level.Calm) return new Verdict(level, now.LatencyMs.P95 < then.LatencyMs.P95 * 0.8 ? words["faster than usual"] : words["normal"]);
        var since = whole >= first ? HighSince(model, figures => figures.LatencyMs.P95) : HighSince(model, figures => figures.TtftMs.P95);
        return new Verdict(level, since is { } time ? words.Say("slow since {0}", Minute(time, model.Zone)) : words["slower than usual"]);
    }

    public static Verdict Cost(OverviewModel model, Words words)
    {
        if (model.Baseline?.All.Total.CostUsd is not > 0) return new Verdict(Level.Calm, "");
        return (model.All.Total.CostUsd / model.Baseline.All.Total.CostUsd) switch
        {
            > 2 => new Verdict(Level.Bad, words["far above usual"]),
            > 1.25m => new Verdict(Level.Warn, words["above usual"]),
            < 0.75m => new Verdict(Level.Calm, words["below usual"]),
            _ => new Verdict(Level.Calm, words["normal"]),
        };
    }

    public static Level OfSuccess(Figures now, Figures? then)
    {
        if (now.SuccessRate is not { } rate || now.Errors < 5) return Level.Calm;
        if (then?.SuccessRate is not { } usual) return rate < 0.8 ? Level.Bad : rate < 0.95 ? Level.Warn : Level.Calm;
        return usual - rate > 0.05 ? Level.Bad : usual - rate > 0.005 ? Level.Warn : Level.Calm;
    }

    public static Level OfLatency(double? now, double? then, long calls)
    {
        // A quarter of a second more is nothing that anybody waits for.
        if (now is null || then is not > 0 || calls < EnoughCalls || now - then < 250) return Level.Calm;
        return (now / then) switch { > 1.5 => Level.Bad, > 1.2 => Level.Warn, _ => Level.Calm };
    }

    /// <summary>The class of its colour; nothing when calm.</summary>
    public static string? Name(this Level level) => level switch { Level.Bad => "bad", Level.Warn => "warn", _ => null };

    /// <summary>When a figure left its usual height for good: the beginning of the last run above the middle of then and now.</summary>
    private static Timestamp? HighSince(OverviewModel model, Func<Figures, double?> value)
    {
        if (model.Baseline is null || value(model.Baseline.All.Total) is not { } usual || value(model.All.Total) is not { } now) return null;
        var limit = (usual + Math.Max(now, usual * 1.2)) / 2;
        var points = model.Whole.Select(i => model.All.Points[i]).Where(point => value(point.Figures) is not null).ToList();

        // Single minutes jump about; the middle one of a few neighbours does not.
        var reach = Math.Max(1, points.Count / 40);
        Timestamp? since = null;
        for (var i = points.Count - 1; i >= 0; i--)
        {
            var near = points.Skip(Math.Max(0, i - reach)).Take((2 * reach) + 1).Select(point => value(point.Figures)!.Value).Order().ToList();
            if (near[near.Count / 2] <= limit) break;
            since = points[i].Time;
        }

        return since is { } start && start > model.From.Plus(model.StepWidth * reach) ? start : null;
    }

    /// <summary>The end of the calls, when none came for a while in which many would have been usual.</summary>
    private static Timestamp? QuietSince(OverviewModel model)
    {
        var points = model.Whole.Select(i => model.All.Points[i]).ToList();
        var last = points.Count - 1;
        while (last >= 0 && points[last].Figures.Calls == 0) last--;
        if (last < 0 || model.To < model.Now) return null;

        // The bucket that still runs proves no silence, but one call in it ends one.
        if (model.All.Points.Any(point => point.Time > points[last].Time && point.Figures.Calls > 0)) return null;
        var (silent, busy) = (points.Count - 1 - last, points.Take(last + 1).Average(point => point.Figures.Calls));
        return silent >= 3 && silent * busy >= 30 ? points[last].Time.Plus(model.StepWidth) : null;
    }

    private static string Minute(Timestamp time, TimeZoneInfo? zone) => Show.Clock.In(time, zone).ToString("HH:mm", CultureInfo.InvariantCulture);
}
