using Callwatch.Control;
using Callwatch.Dashboard.Frame;
using Callwatch.Forward.Lanes;
using Callwatch.Journal;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Destinations;

/// <summary>What the list of destinations shows.</summary>
/// <param name="Head">The last settled number.</param>
/// <param name="Letters">The latest dead letters of all lanes.</param>
public sealed record LanesModel(IReadOnlyList<LaneModel> Lanes, long Head, TimeSpan MaxAge, IReadOnlyList<(LaneModel Lane, DeadLetter Letter)> Letters);

/// <summary>Where traces are carried on to: a lane each.</summary>
internal static class DestinationsPage
{
    private const int LatestLetters = 8;

    public static IResult Get(HttpContext http, Visit visit, LaneFacts facts, IAntiforgery antiforgery)
    {
        if (visit.Scope.OnlyAppId is not null) return visit.Render<NotForOneApp>();
        var lanes = facts.List(visit.Scope.TenantId);
        if (visit.Part == "lanes") return visit.Render<LanesBody>((nameof(LanesBody.Model), new LanesModel(lanes, facts.Head, facts.MaxAge, [])));
        if (lanes.Count == 0) return visit.Render<NoDestinations>((nameof(NoDestinations.Kinds), facts.Kinds));
        IReadOnlyList<(LaneModel, DeadLetter)> letters =
        [
            .. lanes.Where(lane => lane.Letters > 0).SelectMany(lane => facts.Letters(lane.Id, null, LatestLetters).Select(letter => (lane, letter)))
                .OrderByDescending(pair => pair.letter.Time).Take(LatestLetters),
        ];
        return visit.Render<DestinationsScreen>(
            (nameof(DestinationsScreen.Model), new LanesModel(lanes, facts.Head, facts.MaxAge, letters)), (nameof(DestinationsScreen.Hidden), Forms.Hidden(http, visit, antiforgery)));
    }

    /// <summary>First which platform, then its form.</summary>
    public static IResult New(HttpContext http, Visit visit, LaneFacts facts, Apps apps, IJournal journal, IAntiforgery antiforgery)
    {
        if (visit.Scope.OnlyAppId is not null) return visit.Render<NotForOneApp>();
        if (facts.KindOf(visit.Place.Find("kind")) is not { } kind) return visit.Render<KindsScreen>((nameof(KindsScreen.Kinds), facts.Kinds));
        return visit.Render<NewDestinationScreen>((nameof(NewDestinationScreen.Model), Forms.New(http, visit, kind, FormValues.New(kind), apps, journal, antiforgery)));
    }
}
