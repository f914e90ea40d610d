using Callwatch.Dashboard.Assets;
using Callwatch.Dashboard.Business;
using Callwatch.Dashboard.Calls;
using Callwatch.Dashboard.Compare;
using Callwatch.Dashboard.Completion;
using Callwatch.Dashboard.Cost;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Diagnose;
using Callwatch.Dashboard.Doctor;
using Callwatch.Dashboard.Errors;
using Callwatch.Dashboard.FirstCall;
using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Lookup;
using Callwatch.Dashboard.Overview;
using Callwatch.Dashboard.Settings;
using Callwatch.Dashboard.SpanView;
using Callwatch.Dashboard.SystemState;
using Callwatch.Dashboard.Traces;
using Callwatch.Dashboard.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Dashboard;

public static class DashboardRoutes
{
    /// <summary>The pages; the host says who may see them on what comes back. Style and scripts are not among them: they are the same for everybody.</summary>
    public static RouteGroupBuilder MapDashboard(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("");
        pages.ExcludeFromDescription();
        pages.AddEndpointFilter((context, next) =>
        {
            PageHeaders.Set(context.HttpContext);
            Preferences.Remember(context.HttpContext);
            return next(context);
        });

        pages.MapGet(Place.Overview, OverviewPage.GetAsync);
        pages.MapGet(Place.Figures, BusinessPage.GetAsync);
        pages.MapGet(Place.FirstCall, FirstCallPage.GetAsync);
        pages.MapGet(Place.Calls, CallsPage.GetAsync);
        pages.MapGet(Place.Traces, TracesPage.GetAsync);
        pages.MapGet(Place.Traces + "/{traceId}", TracePage.GetAsync);
        pages.MapGet(Place.Traces + "/{traceId}/older", NextTrace.OlderAsync);
        pages.MapGet(Place.Traces + "/{traceId}/newer", NextTrace.NewerAsync);
        pages.MapGet(Place.Traces + "/{traceId}/{spanId}/text", TextPage.GetAsync);
        pages.MapGet(Place.Errors, ErrorsPage.GetAsync);
        pages.MapGet(Place.Errors + "/{fingerprint}", ErrorGroupPage.GetAsync);
        CostRoutes.Map(pages);
        pages.MapGet(Place.Destinations, DestinationsPage.Get);
        pages.MapGet(Place.NewDestination, DestinationsPage.New);
        pages.MapGet(Place.Destinations + "/{id:int}", DestinationPage.Get);
        MapChanges(pages.MapGroup(Place.Destinations));
        pages.MapGet(Place.Diagnose, DiagnosePage.GetAsync);
        pages.MapGet(Place.System, SystemPage.Get);
        pages.MapGet(Place.System + "/readers/{name}", ReaderPage.Get);
        pages.MapGet(Place.FindTrace, FindPage.GetAsync);
        pages.MapGet(Place.CompareCalls, ComparePage.GetAsync);
        pages.MapGet(Place.Doctor, DoctorPage.GetAsync);
        pages.MapPost(Place.Doctor + "/test-trace", DoctorPage.TestAsync);
        pages.MapGet(Place.Settings, SettingsPage.Get);
        MapSettings(pages.MapGroup(Place.Settings));
        pages.MapGet("/complete", CompletionPage.GetAsync);
        return pages;
    }

    // What is a change takes more than leave to look: the host sees to it by the method.
    private static void MapChanges(RouteGroupBuilder destinations)
    {
        destinations.MapPost("", DestinationForms.CreateAsync);
        destinations.MapPost("/check", DestinationForms.CheckNewAsync);
        destinations.MapPost("/{id:int}", DestinationForms.SaveAsync);
        destinations.MapPost("/{id:int}/check", DestinationForms.CheckAsync);
        destinations.MapPost("/{id:int}/pause", DestinationForms.PauseAsync);
        destinations.MapPost("/{id:int}/resume", DestinationForms.ResumeAsync);
        destinations.MapPost("/{id:int}/delete", DestinationForms.Delete);
        destinations.MapPost("/{id:int}/dead-letters", DestinationForms.LettersAsync);
        destinations.MapPost("/{id:int}/replays", DestinationForms.ReplayAsync);
        destinations.MapPost("/{id:int}/replays/{replay:int}/end", DestinationForms.EndReplay);
    }

    private static void MapSettings(RouteGroupBuilder settings)
    {
        settings.MapPost("/apps", SettingsForms.AppAsync);
        settings.MapPost("/keys", SettingsForms.KeyAsync);
        settings.MapPost("/keys/{id:int}/revoke", SettingsForms.Revoke);
        settings.MapPost("/retention", SettingsForms.RetentionAsync);
        settings.MapPost("/secrets/rotate", SettingsForms.RotateAsync);
        settings.MapPost("/sign-ins/{id}/end", SettingsForms.EndSignIn);
        settings.MapPost("/tenants", SettingsForms.TenantAsync);
        settings.MapPost("/tenant", SettingsForms.SwitchAsync);
        settings.MapPost("/views", ViewForms.CreateAsync);
        settings.MapPost("/views/{id:long}", ViewForms.ChangeAsync);
    }

    /// <summary>Style, scripts and libraries: open to everybody, the sign-in page needs them.</summary>
    public static IEndpointConventionBuilder MapDashboardAssets(this IEndpointRouteBuilder routes) => routes.MapAssets();
}
