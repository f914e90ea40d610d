using Callwatch.Control;
using Callwatch.Dashboard;
using Callwatch.Dashboard.Cost;
using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Store.Repricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Endpoints;

/// <summary>The dashboard's pages, for who may read.</summary>
internal static class DashboardPages
{
    public static void AddDashboardPages(this IServiceCollection services)
    {
        services.AddDashboard();
        services.AddHttpContextAccessor();
        services.AddScoped<IViewer, Viewer>();
        services.AddSingleton<IRepriceRecords, RepriceRecords>();
    }

    public static void MapDashboardPages(this WebApplication app)
    {
        app.MapDashboard().RequireScope(KeyScopes.Read);
        app.MapDashboardAssets().AllowAnyone();
    }

    private sealed class RepriceRecords : IRepriceRecords
    {
        public string Write(RepriceSelection selection, RepriceDifference shown) => RepriceEndpoints.Written(selection, shown);
    }

    private sealed class Viewer(IHttpContextAccessor http, Keys keys, Apps apps) : IViewer
    {
        public ReadScope Scope => Caller.ReadScope;

        public bool SeesInstance => Caller.SeesInstance(apps);

        public bool MayOperate => Caller.MayAnyOf(KeyScopes.Operator);

        public bool MayChange => Caller.MayAnyOf(KeyScopes.Admin);

        public string Who => Caller.ToName(keys);

        public string? SignIn => Caller.Kind == CallerKind.SignIn && SignInCookie.Of(http.HttpContext!.Request) is { } secret ? Sessions.IdOf(secret) : null;

        public KeyScopes MayGive => Caller.Scopes;

        private Caller Caller => http.HttpContext!.Caller();
    }
}
