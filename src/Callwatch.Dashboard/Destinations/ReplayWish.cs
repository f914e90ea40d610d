using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Language;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Destinations;

/// <summary>A range of what was received that is to be sent again.</summary>
internal sealed record ReplayWish(Timestamp From, Timestamp To)
{
    /// <summary>More at a time would only slow each other.</summary>
    public const int MostRunning = 4;

    public static (ReplayWish? Wish, FormProblem? Problem) Read(IFormCollection form, LaneModel lane, IReadOnlyList<ReplayView> replays, Words words, TimeZoneInfo? zone = null)
    {
        if (!Zones.TryParse(form["from"].ToString().Trim(), zone, out var from)) return (null, new FormProblem("from", words["The time is written as 2026-09-17T10:00:00Z."]));
        if (!Zones.TryParse(form["to"].ToString().Trim(), zone, out var to)) return (null, new FormProblem("to", words["The time is written as 2026-09-17T10:00:00Z."]));
        if (to <= from) return (null, new FormProblem("to", words["It ends before it begins."]));
        if (lane.Kind?.Deduplicates != true && form["confirm"] != "on")
            return (null, new FormProblem("confirm", words["This platform keeps what comes twice as two. Confirm that this is wanted."]));
        return replays.Count(replay => !replay.HasEnded) >= MostRunning
            ? (null, new FormProblem(null, words.Say("{0} replays are running already; wait for one, or end it.", MostRunning)))
            : (new ReplayWish(from, to), null);
    }
}
