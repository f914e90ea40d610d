using System.Globalization;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Settings;

/// <summary>
/// Takes the forms of the page of settings. The host lets only those come here who may change something, with a token of a page of
/// ours. Each change leaves a row of audit; each refusal names the field and what would be right.
/// </summary>
internal static class SettingsForms
{
    public static async Task<IResult> AppAsync(HttpContext http, Visit visit, IViewer viewer, Apps apps, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        var name = form["name"].ToString();
        if (!Apps.IsLegalName(name)) return SettingsPage.Refused(visit, "apps", new FormProblem("name", visit.Words[Apps.LegalNames]), FormValues.Of(form, null));
        if (apps.Find(visit.Scope.TenantId, name) is not null) return SettingsPage.Refused(visit, "apps", new FormProblem("name", visit.Words["There is an app of that name: choose another."]), FormValues.Of(form, null));
        if (apps.IsFull(visit.Scope.TenantId)) return SettingsPage.Refused(visit, "apps", new FormProblem(null, visit.Words[Apps.TooMany]), FormValues.Of(form, null));
        apps.Create(visit.Scope.TenantId, name, viewer.Who);
        return Posts.GoTo(http, visit, SettingsPage.At(visit, "apps", "app"));
    }

    public static async Task<IResult> KeyAsync(HttpContext http, Visit visit, IViewer viewer, KeyDesk desk, NewKeys made, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        var wish = new KeyWish(form["app"].ToString(), [.. form["scope"].OfType<string>()], form["label"].ToString());
        return desk.Make(visit.Scope.TenantId, wish, viewer.MayGive, viewer.Who) switch
        {
            KeyWishAnswer.Made done => Posts.GoTo(http, visit, SettingsPage.At(visit, "keys", "key").With("made", made.Keep(visit.Scope.TenantId, viewer.Who, done.Key))),
            KeyWishAnswer.Refused refused => SettingsPage.Refused(visit, "keys", new FormProblem(refused.Field, visit.Words.Told(refused.Message)), FormValues.Of(form, null)),
            KeyWishAnswer.Full full => SettingsPage.Refused(visit, "keys", new FormProblem(null, visit.Words.Say("The tenant has {0} keys in force, and no more are allowed: revoke one.", full.Most)), FormValues.Of(form, null)),
            KeyWishAnswer.Beyond beyond => SettingsPage.Refused(visit, "keys", new FormProblem("scopes", visit.Words.Say("Only a key that has it may give the scope {0}: sign in with an operator's.", string.Join(", ", beyond.Scopes.ToWords()))), FormValues.Of(form, null)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    public static IResult Revoke(HttpContext http, Visit visit, IViewer viewer, int id, Keys keys) =>
        Posts.GoTo(http, visit, SettingsPage.At(visit, "keys", keys.Revoke(visit.Scope.TenantId, id, viewer.Who) ? "revoked" : "gone"));

    public static async Task<IResult> RetentionAsync(HttpContext http, Visit visit, IViewer viewer, RetentionDesk desk, Apps apps, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        var (of, typed) = (form["of"].ToString(), FormValues.Of(form, null));
        var (tenant, app) = (of == "instance" ? 0 : visit.Scope.TenantId, 0);
        if (of == "instance" && !viewer.MayOperate) return Refuse(null, "The rules of the instance are its operator's to change.");
        if (of == "app")
        {
            if (apps.Find(visit.Scope.TenantId, form["app"].ToString()) is not { } found) return Refuse("app", "No app of the tenant has this name.");
            app = found.Id;
        }

        var days = new int?[4];
        string[] fields = ["journal_days", "rows_days", "minute_days", "quarter_hour_days"];
        for (var i = 0; i < fields.Length; i++)
        {
            var text = form[fields[i]].ToString().Trim();
            if (text.Length == 0) continue;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return Refuse(fields[i], "A whole number of days, or nothing to inherit.");
            days[i] = number;
        }

        var wish = new RetentionWish(days[0], days[1], days[2], days[3]);
        if (wish.Wrong() is { } wrong) return Refuse(wrong.Field, wrong.Message);
        desk.Put([(tenant, app, wish)], viewer.Who);
        return Posts.GoTo(http, visit, SettingsPage.At(visit, "retention", "retention"));

        IResult Refuse(string? field, string message) =>
            SettingsPage.Refused(visit, "retention", new FormProblem(field is null ? null : $"{of}.{(app == 0 ? "" : form["app"] + ".")}{field}", visit.Words.Told(message)), typed);
    }

    public static async Task<IResult> RotateAsync(HttpContext http, Visit visit, IViewer viewer, SecretsDesk desk, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        var what = form["what"].ToString();
        if (what != "tenant" && !viewer.MayOperate) return Refuse("The keys of every tenant are the operator's to change.");
        var answer = what switch
        {
            "master" => desk.RotateMasterKey(viewer.Who),
            "all" => desk.RotateDataKeys(null, viewer.Who),
            _ => desk.RotateDataKeys(visit.Scope.TenantId, viewer.Who),
        };
        return answer is RotationAnswer.Refused refused ? Refuse(refused.Message) : Posts.GoTo(http, visit, SettingsPage.At(visit, "secrets", "rotated"));

        IResult Refuse(string message) => SettingsPage.Refused(visit, "secrets", new FormProblem(null, visit.Words.Told(message)), FormValues.Of(form, null));
    }

    public static IResult EndSignIn(HttpContext http, Visit visit, IViewer viewer, string id, SignIns signIns) =>
        Posts.GoTo(http, visit, SettingsPage.At(visit, "sign-ins", signIns.End(visit.Scope.TenantId, viewer.MayOperate, id, viewer.Who) ? "ended" : "gone"));

    public static async Task<IResult> TenantAsync(HttpContext http, Visit visit, IViewer viewer, Tenants tenants, CancellationToken cancel)
    {
        var form = await http.FormAsync(cancel);
        var name = form["name"].ToString().Trim();
        var wrong = !viewer.MayOperate ? "Tenants are the operator's to make." : !Tenants.IsLegalName(name) ? Tenants.LegalNames : tenants.Create(name, viewer.Who) is null ? "There is a tenant of that name: choose another." : null;
        return wrong is null ? Posts.GoTo(http, visit, SettingsPage.At(visit, "tenants", "tenant"))
            : SettingsPage.Refused(visit, "tenants", new FormProblem("name", visit.Words[wrong]), FormValues.Of(form, null));
    }

    /// <summary>Another tenant in this browser. The cookie gives no right: at each request the host looks whether the person may.</summary>
    public static async Task<IResult> SwitchAsync(HttpContext http, Visit visit, IViewer viewer, Tenants tenants, CancellationToken cancel)
    {
        var name = (await http.FormAsync(cancel))["tenant"].ToString();
        if (!viewer.MayOperate || tenants.Find(name) is null) return SettingsPage.Refused(visit, "tenants", new FormProblem(null, visit.Words["There is no such tenant, or it is not yours to see."]), new FormValues());
        var options = new CookieOptions { Path = visit.PathBase.Length == 0 ? "/" : visit.PathBase, HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, IsEssential = true };
        http.Response.Cookies.Append(Visit.TenantCookie, name, options);
        return Posts.GoTo(http, visit, new Place { Path = Place.Overview });
    }
}
