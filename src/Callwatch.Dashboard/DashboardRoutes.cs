using Callwatch.Dashboard.Assets;
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
        return pages;
    }

    /// <summary>Style, scripts and libraries: open to everybody, the sign-in page needs them.</summary>
    public static IEndpointConventionBuilder MapDashboardAssets(this IEndpointRouteBuilder routes) => routes.MapAssets();
}
