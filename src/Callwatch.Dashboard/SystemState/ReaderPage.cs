using Callwatch.Dashboard.Frame;
using Callwatch.Journal;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.SystemState;

/// <summary>A reader that waits, and what there is to choose from.</summary>
/// <param name="Hidden">Fields of the form that go along unseen.</param>
public sealed record ReaderModel(WaitingReader Reader, Guid Epoch, long First, long Head, long Records, IReadOnlyList<(string Name, string Value)> Hidden);

/// <summary>Asks a person where a reader goes on that stands in another journal, or beyond the head.</summary>
internal static class ReaderPage
{
    public static IResult Get(string name, HttpContext http, Visit visit, IJournal journal, ReaderChoices choices, IAntiforgery antiforgery)
    {
        if (!visit.MayOperate || choices.Find(name) is not { } reader) return TypedResults.Redirect(visit.Href(Place.System));
        var tokens = antiforgery.GetAndStoreTokens(http);
        var model = new ReaderModel(
            reader, journal.Epoch, journal.FirstNumber, journal.Head.Number, journal.Status().Records, [(tokens.FormFieldName, tokens.RequestToken!)]);
        return visit.Render<ReaderScreen>((nameof(ReaderScreen.Model), model));
    }
}
