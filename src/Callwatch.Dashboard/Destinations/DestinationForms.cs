using System.Globalization;
using Callwatch.Control;
using Callwatch.Dashboard.Frame;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Dashboard.Destinations;

/// <summary>
/// Takes the forms of the pages. The host lets only those come here who may change something, with a token of a page of ours. What went well
/// leads to a page (303), so that nothing is sent twice; a script is told where to go, or given the part with what is wrong.
/// </summary>
internal static class DestinationForms
{
    private const string AnswerPart = "form-answer";

    public static async Task<IResult> CreateAsync(HttpContext http, Visit visit, IViewer viewer, IDestinationDesk desk, LaneFacts facts, Apps apps, IJournal journal, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = await ReadAsync(http, cancel);
        visit = visit.InZoneOf(form);
        if (facts.KindOf(form["kind"]) is not { } kind) return Refused(visit, new FormProblem("kind", "There is no such kind of destination."), null);
        var (wish, problem) = DestinationInput.Read(form, kind, isNew: true, visit.Zone);
        if (wish is not null)
        {
            switch (await desk.CreateAsync(visit.Scope.TenantId, wish, viewer.Who, cancel))
            {
                case DestinationAnswer.Done done:
                    facts.Remember(done.Destination.Id, done.Warnings);
                    return GoTo(http, visit, visit.Place.On(Place.Destination(done.Destination.Id)).With("done", "made"));
                case var answer:
                    problem = ProblemOf(answer, visit);
                    break;
            }
        }

        return Refused(visit, problem!, () => Forms.New(http, visit, kind, FormValues.Of(form, kind), apps, journal, antiforgery));
    }

    public static async Task<IResult> SaveAsync(HttpContext http, Visit visit, IViewer viewer, int id, IDestinationDesk desk, LaneFacts facts, Apps apps, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = await ReadAsync(http, cancel);
        if (facts.Find(visit.Scope.TenantId, id) is not { Kind: { } kind } lane) return DestinationPage.Missing(visit);
        var (wish, problem) = DestinationInput.Read(form, kind, isNew: false);
        if (wish is not null)
        {
            switch (await desk.UpdateAsync(visit.Scope.TenantId, id, wish, viewer.Who, cancel))
            {
                case DestinationAnswer.Done done:
                    facts.Remember(id, done.Warnings);
                    return GoTo(http, visit, visit.Place.On(Place.Destination(id)).With("done", "saved"));
                case DestinationAnswer.Unknown:
                    return DestinationPage.Missing(visit);
                case var answer:
                    problem = ProblemOf(answer, visit);
                    break;
            }
        }

        return visit.Part == AnswerPart
            ? visit.Render<FormAnswer>((nameof(FormAnswer.Problem), problem))
            : DestinationPage.Show(
                visit, DestinationPage.Model(visit, lane, facts, Forms.Of(http, visit, lane, FormValues.Of(form, kind), apps, antiforgery)! with { Problem = problem, WasTyped = true }),
                StatusCodes.Status422UnprocessableEntity);
    }

    public static async Task<IResult> CheckNewAsync(HttpContext http, Visit visit, IDestinationDesk desk, LaneFacts facts, Apps apps, IJournal journal, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = await ReadAsync(http, cancel);
        visit = visit.InZoneOf(form);
        if (facts.KindOf(form["kind"]) is not { } kind) return Refused(visit, new FormProblem("kind", "There is no such kind of destination."), null);
        var (wish, problem) = DestinationInput.Read(form, kind, isNew: true, visit.Zone);
        var (check, refused) = wish is null ? (null, problem) : Of(await desk.CheckAsync(visit.Scope.TenantId, wish, cancel));
        return visit.Part == AnswerPart
            ? Tested(visit, check, refused)
            : visit.Render<NewDestinationScreen>((nameof(NewDestinationScreen.Model), Forms.New(http, visit, kind, FormValues.Of(form, kind), apps, journal, antiforgery) with
            {
                Check = check,
                Problem = refused,
                WasTest = true,
                WasTyped = true,
            }));
    }

    public static async Task<IResult> CheckAsync(HttpContext http, Visit visit, int id, IDestinationDesk desk, LaneFacts facts, Apps apps, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = await ReadAsync(http, cancel);
        if (facts.Find(visit.Scope.TenantId, id) is not { Kind: { } kind } lane) return DestinationPage.Missing(visit);
        var (wish, problem) = DestinationInput.Read(form, kind, isNew: false);
        var (check, refused) = wish is null ? (null, problem) : Of(await desk.CheckAsync(visit.Scope.TenantId, id, wish, cancel));
        return visit.Part == AnswerPart
            ? Tested(visit, check, refused)
            : DestinationPage.Show(visit, DestinationPage.Model(visit, lane, facts, Forms.Of(http, visit, lane, FormValues.Of(form, kind), apps, antiforgery)! with
            {
                Check = check,
                Problem = refused,
                WasTest = true,
                WasTyped = true,
            }));
    }

    public static async Task<IResult> PauseAsync(HttpContext http, Visit visit, IViewer viewer, int id, IDestinationDesk desk, CancellationToken cancel) =>
        Acted(http, visit, id, await ReadAsync(http, cancel), desk.Pause(visit.Scope.TenantId, id, viewer.Who), "paused");

    public static async Task<IResult> ResumeAsync(HttpContext http, Visit visit, IViewer viewer, int id, IDestinationDesk desk, CancellationToken cancel) =>
        Acted(http, visit, id, await ReadAsync(http, cancel), desk.Resume(visit.Scope.TenantId, id, viewer.Who), "resumed");

    public static IResult Delete(HttpContext http, Visit visit, IViewer viewer, int id, IDestinationDesk desk) =>
        desk.Delete(visit.Scope.TenantId, id, viewer.Who) ? GoTo(http, visit, visit.Place.On(Place.Destinations)) : DestinationPage.Missing(visit);

    public static async Task<IResult> LettersAsync(HttpContext http, Visit visit, int id, IDestinationDesk desk, DeadLetters letters, ILanes lanes, CancellationToken cancel)
    {
        var form = await ReadAsync(http, cancel);
        if (desk.Find(visit.Scope.TenantId, id) is null) return DestinationPage.Missing(visit);
        var act = form["do"].ToString();
        var choice = act.EndsWith("-all", StringComparison.Ordinal) ? LetterChoice.All
            : new LetterChoice { Ids = [.. form["ids"].Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var letter) ? letter : 0)] };
        var discards = act.StartsWith("discard", StringComparison.Ordinal);
        var count = discards ? letters.Discard(id, choice) : letters.Retry(id, choice);
        if (!discards) lanes.TryAtOnce(id);
        var done = discards ? "discarded" : "retried";
        return GoTo(http, visit, visit.Place.On(Place.Destination(id)).With("done", $"{done}.{count.ToString(CultureInfo.InvariantCulture)}"), "#dead-letters");
    }

    public static async Task<IResult> ReplayAsync(HttpContext http, Visit visit, int id, ILanes lanes, LaneFacts facts, Apps apps, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = await ReadAsync(http, cancel);
        visit = visit.InZoneOf(form);
        if (facts.Find(visit.Scope.TenantId, id) is not { } lane) return DestinationPage.Missing(visit);
        var (range, problem) = ReplayWish.Read(form, lane, facts.Replays(id), visit.Words, visit.Zone);
        if (range is not null)
        {
            lanes.Replay(id, range.From, range.To);
            return GoTo(http, visit, visit.Place.On(Place.Destination(id)).With("done", "replays"), "#replays");
        }

        return DestinationPage.Show(
            visit, DestinationPage.Model(visit, lane, facts, Forms.Of(http, visit, lane, FormValues.Of(lane.Destination, lane.Kind), apps, antiforgery)) with
            {
                ReplayProblem = problem,
                ReplayTyped = FormValues.Of(form, null),
            },
            StatusCodes.Status422UnprocessableEntity);
    }

    public static IResult EndReplay(HttpContext http, Visit visit, int id, int replay, IDestinationDesk desk, ILanes lanes)
    {
        if (desk.Find(visit.Scope.TenantId, id) is null) return DestinationPage.Missing(visit);
        lanes.EndReplay(id, replay);
        return GoTo(http, visit, visit.Place.On(Place.Destination(id)), "#replays");
    }

    private static async Task<IFormCollection> ReadAsync(HttpContext http, CancellationToken cancel) =>
        http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancel) : FormCollection.Empty;

    private static IResult Acted(HttpContext http, Visit visit, int id, IFormCollection form, DestinationAnswer answer, string done) => answer switch
    {
        DestinationAnswer.Done => GoTo(http, visit, form["back"] == "list" ? visit.Place.On(Place.Destinations) : visit.Place.On(Place.Destination(id)).With("done", done)),
        DestinationAnswer.Unknown => DestinationPage.Missing(visit),
        _ => GoTo(http, visit, visit.Place.On(Place.Destination(id))),
    };

    private static RazorComponentResult Tested(Visit visit, CheckResult? check, FormProblem? problem) =>
        visit.Render<FormAnswer>((nameof(FormAnswer.Check), check), (nameof(FormAnswer.Problem), problem), (nameof(FormAnswer.Testing), true));

    private static RazorComponentResult Refused(Visit visit, FormProblem problem, Func<FormModel>? form) => visit.Part == AnswerPart || form is null
        ? visit.Render<FormAnswer>((nameof(FormAnswer.Problem), problem))
        : visit.Render<NewDestinationScreen>(StatusCodes.Status422UnprocessableEntity, (nameof(NewDestinationScreen.Model), form() with { Problem = problem, WasTyped = true }));

    private static (CheckResult? Check, FormProblem? Problem) Of(CheckAnswer answer) => answer switch
    {
        CheckAnswer.Checked found => (found.Result, null),
        CheckAnswer.Refused refused => (null, new FormProblem(refused.Field, refused.Message)),
        _ => (null, new FormProblem(null, "It is not there any more.")),
    };

    private static FormProblem ProblemOf(DestinationAnswer answer, Visit visit) => answer switch
    {
        DestinationAnswer.Refused refused => new FormProblem(refused.Field, visit.Words.Told(refused.Message)),
        DestinationAnswer.Outdated => new FormProblem(null, visit.Words["Somebody has changed it since you opened this page. Open it again to see how it is now; what you typed is still here."]),
        DestinationAnswer.Full full => new FormProblem(null, visit.Words.Say("There are {0} destinations already, and no more are allowed.", full.Most)),
        DestinationAnswer.DiskFull => new FormProblem(null, visit.Words[FullDisk.Words]),
        _ => new FormProblem(null, visit.Words["It is not there any more."]),
    };

    private static IResult GoTo(HttpContext http, Visit visit, Place place, string part = "")
    {
        var address = visit.Href(place) + part;
        if (visit.Part is not null)
        {
            http.Response.Headers["HX-Redirect"] = address;
            return TypedResults.NoContent();
        }

        http.Response.Headers.Location = address;
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }
}
