using Callwatch.Control;
using Callwatch.Dashboard.Calls;
using Callwatch.Dashboard.Frame;

namespace Callwatch.Dashboard.Views;

/// <summary>Saved views and addresses: what of an address a view keeps, and where a view leads.</summary>
internal static class ViewState
{
    /// <summary>What would be saved of this very page; "" when nothing is out of the ordinary.</summary>
    public static string Of(Visit visit, string page)
    {
        var place = visit.Place;

        // Columns may be remembered and not stand in the address: a view says them, so that it looks the same to everybody.
        if (page == "calls" && CallColumns.Written(CallColumns.Read(place.Find("columns") ?? visit.Columns)) is { } columns) place = place.With("columns", columns);
        var address = (place with { Path = "" }).Href("");
        return ViewQuery.Read(address).Query ?? "";
    }

    public static string PathOf(string page) => page == "overview" ? Place.Overview : "/" + page;

    public static string Href(Visit visit, SavedView view) => visit.Href(PathOf(view.Page)) + (view.Query.Length == 0 ? "" : "?" + view.Query);
}
