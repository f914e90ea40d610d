using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

internal static class RetentionEndpoints
{
    // Each is written with a row of audit, while nobody else can change anything.
    private const int MostApps = 1_000;

    public static void MapRetention(this IEndpointRouteBuilder routes)
    {
        var retention = routes.MapGroup("/api/v1/settings/retention").WithTags("Settings");
        retention.MapGet("", Get).RequireScope(KeyScopes.Read).WithName("GetRetention").Produces<ApiRetention>();
        retention.MapPut("", PutAsync).RequireScope(KeyScopes.Admin).WithName("PutRetention")
            .Accepts<ApiNewRetention>("application/json").Produces<ApiRetention>().ProducesProblem(403).ProducesProblem(422);
    }

    private static JsonHttpResult<ApiRetention> Get(HttpContext context, RetentionDesk desk, Apps apps)
    {
        var caller = context.Caller();
        var own = desk.AppsOf(caller.TenantId).Where(app => caller.AppId is not { } only || app.AppId == only);
        return TypedResults.Json(
            new ApiRetention
            {
                Instance = ToApi(desk.For(0)),
                Tenant = ToApi(desk.WishOf(caller.TenantId)),
                Apps = [.. own.Select(app => ToApi(apps.NameOf(app.AppId), app.Wish)).OrderBy(app => app.App, StringComparer.Ordinal)],
                InForce = ToApi(desk.For(caller.TenantId)),
            },
            ApiJson.Default.ApiRetention);
    }

    private static async Task<IResult> PutAsync(HttpContext context, RetentionDesk desk, Apps apps, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(context, ApiJson.Default.ApiNewRetention);
        if (body is null) return problem!;
        var caller = context.Caller();
        if (body.Instance is not null && !caller.MayAnyOf(KeyScopes.Operator)) return Problems.Forbidden("The rules of the instance are its operator's to change.");
        var wishes = new List<(int, int, RetentionWish)>();
        if (body.Instance is not null && Add(0, 0, body.Instance, "instance") is { } ofInstance) return ofInstance;
        if (body.Tenant is not null && Add(caller.TenantId, 0, body.Tenant, "tenant") is { } ofTenant) return ofTenant;
        if (body.Apps?.Count > MostApps) return Problems.Unprocessable("apps", string.Create(CultureInfo.InvariantCulture, $"At most {MostApps} apps at a time."));
        for (var i = 0; i < body.Apps?.Count; i++)
        {
            var field = "apps[" + i.ToString(CultureInfo.InvariantCulture) + "]";
            if (body.Apps[i]?.App is not { } name || apps.Find(caller.TenantId, name) is not { } app) return Problems.Unprocessable(field + ".app", "No app of the tenant has this name.");
            if (Add(caller.TenantId, app.Id, body.Apps[i], field) is { } ofApp) return ofApp;
        }

        desk.Put(wishes, caller.ToName(keys));
        return Get(context, desk, apps);

        ProblemHttpResult? Add(int tenant, int app, ApiRetentionDays days, string field)
        {
            var wish = new RetentionWish(days.JournalDays, days.RowsDays, days.MinuteDays, days.QuarterHourDays);
            if (wish.Wrong() is { } wrong) return Problems.Unprocessable(field + "." + wrong.Field, wrong.Message);
            wishes.Add((tenant, app, wish));
            return null;
        }
    }

    private static ApiRetentionDays ToApi(RetentionRules rules) => new()
    {
        JournalDays = Days(rules.Journal),
        RowsDays = Days(rules.Rows),
        MinuteDays = Days(rules.Minutes),
        QuarterHourDays = Days(rules.QuarterHours),
    };

    private static ApiRetentionDays ToApi(RetentionWish? wish) => new()
    {
        JournalDays = wish?.JournalDays,
        RowsDays = wish?.RowsDays,
        MinuteDays = wish?.MinuteDays,
        QuarterHourDays = wish?.QuarterHourDays,
    };

    private static ApiAppRetention ToApi(string name, RetentionWish wish) => new()
    {
        App = name,
        JournalDays = wish.JournalDays,
        RowsDays = wish.RowsDays,
        MinuteDays = wish.MinuteDays,
        QuarterHourDays = wish.QuarterHourDays,
    };

    private static int Days(TimeSpan age) => (int)Math.Ceiling(age.TotalDays);
}
