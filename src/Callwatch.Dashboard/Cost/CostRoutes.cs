using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Dashboard.Cost;

/// <summary>The pages of costs, for whoever pays.</summary>
internal static class CostRoutes
{
    public const string Prices = Place.Cost + "/prices", Reprice = Place.Cost + "/reprice", WhatIf = Place.Cost + "/what-if", Reconcile = Place.Cost + "/reconcile", Caching = Place.Cost + "/caching";

    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet(Place.Cost, CostPage.GetAsync);
        pages.MapGet(Caching, CachingPage.GetAsync);
        pages.MapGet(WhatIf, WhatIfPage.GetAsync);
        pages.MapGet(Prices, PricesPage.Get);
        pages.MapPost(Prices, PricesPage.PostAsync);
        pages.MapGet(Reprice, RepricePage.Get);
        pages.MapPost(Reprice, RepricePage.PostAsync);
        pages.MapGet(Reconcile, ReconcilePage.Get);
        pages.MapPost(Reconcile, ReconcilePage.ImportAsync);
        pages.MapGet(Reconcile + "/{id:long}", ReconcilePage.CompareAsync);
        pages.MapPost(Reconcile + "/{id:long}/delete", ReconcilePage.DeleteAsync);
    }
}
