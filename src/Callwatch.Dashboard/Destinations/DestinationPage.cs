using System.Globalization;
using Callwatch.Control;
using Callwatch.Dashboard.Frame;
using Callwatch.Forward.Lanes;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Destinations;

/// <summary>What the page of a destination shows.</summary>
/// <param name="Form">Null when the program no longer has its kind.</param>
/// <param name="More">Where older dead letters go on; null when there are none.</param>
public sealed record DestinationModel(LaneModel Lane, TimeSpan MaxAge, IReadOnlyList<DeadLetter> Letters, long? More, IReadOnlyList<ReplayView> Replays, FormModel? Form)
{
    /// <summary>What has just been done, as its address says.</summary>
    public string? Done { get; init; }

    /// <summary>What looked odd when it was saved, and was taken all the same.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What is wrong with the replay that was asked for.</summary>
    public FormProblem? ReplayProblem { get; init; }

    public FormValues? ReplayTyped { get; init; }
}

/// <summary>One destination: how its lane fares, what it could not deliver, what is sent again, and its settings.</summary>
internal static class DestinationPage
{
    public const int LettersAtOnce = 50;

    public static IResult Get(HttpContext http, Visit visit, int id, LaneFacts facts, Apps apps, IAntiforgery antiforgery)
    {
        if (visit.Scope.OnlyAppId is not null) return visit.Render<NotForOneApp>();
        if (facts.Find(visit.Scope.TenantId, id) is not { } lane) return Missing(visit);
        switch (visit.Part)
        {
            case "lane":
                return visit.Render<LaneHead>((nameof(LaneHead.Lane), lane), (nameof(LaneHead.MaxAge), facts.MaxAge));
            case "replays":
                return visit.Render<ReplayRows>((nameof(ReplayRows.Replays), facts.Replays(id)), (nameof(ReplayRows.Id), id));
            case "more":
                var (letters, more) = Letters(facts, visit, id);
                return visit.Render<LetterRows>((nameof(LetterRows.Letters), letters), (nameof(LetterRows.More), more));
            default:
                return Show(visit, Model(visit, lane, facts, Forms.Of(http, visit, lane, FormValues.Of(lane.Destination, lane.Kind), apps, antiforgery)));
        }
    }

    public static DestinationModel Model(Visit visit, LaneModel lane, LaneFacts facts, FormModel? form)
    {
        var (letters, more) = Letters(facts, visit, lane.Id);
        return new DestinationModel(lane, facts.MaxAge, letters, more, facts.Replays(lane.Id), form)
        {
            Done = visit.Place.Find("done"),
            Warnings = visit.Place.Find("done") is null ? [] : facts.Warnings(lane.Id),
        };
    }

    public static IResult Show(Visit visit, DestinationModel model, int status = StatusCodes.Status200OK) => visit.Render<DestinationScreen>(status, (nameof(DestinationScreen.Model), model));

    public static IResult Missing(Visit visit) => visit.Render<NoDestination>(StatusCodes.Status404NotFound);

    private static (IReadOnlyList<DeadLetter> Letters, long? More) Letters(LaneFacts facts, Visit visit, int id)
    {
        long? before = long.TryParse(visit.Place.Find("before"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : null;
        var letters = facts.Letters(id, before, LettersAtOnce + 1);
        return letters.Count > LettersAtOnce ? ([.. letters.Take(LettersAtOnce)], letters[LettersAtOnce - 1].Id) : (letters, null);
    }
}
