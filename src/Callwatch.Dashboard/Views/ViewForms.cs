using System.Globalization;
using Callwatch.Control;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Settings;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Views;

/// <summary>Takes the forms of saved views.</summary>
internal static class ViewForms
{
    public const string Path = "/settings/views";

    public static async Task<IResult> CreateAsync(HttpContext http, Visit visit, IViewer viewer, Callwatch.Control.Views views, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        var (name, page, query) = (form["name"].ToString(), form["page"].ToString(), form["query"].ToString());
        var answer = views.Create(visit.Scope.TenantId, new ViewWish(name, page, query), viewer.Who);
        if (answer is not ViewAnswer.Done done) return SettingsPage.Refused(visit, "views", ProblemOf(answer, visit), FormValues.Of(form, null));
        if (form["back"] != "page") return Posts.GoTo(http, visit, SettingsPage.At(visit, "views", "view"));
        http.Response.Headers.Location = ViewState.Href(visit, done.View) + (done.View.Query.Length == 0 ? "?" : "&") + "done=view";
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    public static async Task<IResult> ChangeAsync(HttpContext http, Visit visit, IViewer viewer, long id, Callwatch.Control.Views views, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        if (form["do"] == "delete")
        {
            views.Delete(visit.Scope.TenantId, id, viewer.Who);
            return Posts.GoTo(http, visit, SettingsPage.At(visit, "views", "view-gone"));
        }

        var answer = views.Change(visit.Scope.TenantId, id, new ViewWish(form["name"].ToString(), null, null), viewer.Who);
        return answer is ViewAnswer.Done or ViewAnswer.Unknown
            ? Posts.GoTo(http, visit, SettingsPage.At(visit, "views", answer is ViewAnswer.Done ? "view-renamed" : "view-gone"))
            : SettingsPage.Refused(visit, "views", ProblemOf(answer, visit) with { Field = "name-" + id.ToString(CultureInfo.InvariantCulture) }, FormValues.Of(form, null));
    }

    private static FormProblem ProblemOf(ViewAnswer answer, Visit visit) => answer switch
    {
        ViewAnswer.Refused refused => new FormProblem(refused.Field, visit.Words[refused.Message]),
        ViewAnswer.Taken => new FormProblem("name", visit.Words["The page has a view of that name: choose another."]),
        ViewAnswer.Full full => new FormProblem(null, visit.Words.Say("There are {0} views already, and no more are allowed: delete one.", full.Most)),
        _ => new FormProblem(null, visit.Words["It is not there any more."]),
    };
}
