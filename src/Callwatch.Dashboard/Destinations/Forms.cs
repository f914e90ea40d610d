using Callwatch.Control;
using Callwatch.Dashboard.Frame;
using Callwatch.Forward;
using Callwatch.Journal;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Destinations;

/// <summary>Makes the models of forms.</summary>
internal static class Forms
{
    /// <summary>The token that a change needs; none for who may not change anything.</summary>
    public static IReadOnlyList<(string Name, string Value)> Hidden(HttpContext http, Visit visit, IAntiforgery antiforgery)
    {
        if (!visit.MayChange) return [];
        var tokens = antiforgery.GetAndStoreTokens(http);
        return [(tokens.FormFieldName, tokens.RequestToken!)];
    }

    public static FormModel New(HttpContext http, Visit visit, IDestinationKind kind, FormValues values, Apps apps, IJournal journal, IAntiforgery antiforgery) =>
        new(kind, null, values, AppNames(apps, visit), Hidden(http, visit, antiforgery)) { Oldest = journal.Status().OldestReceivedAt };

    /// <summary>Null for a kind that this program no longer has.</summary>
    public static FormModel? Of(HttpContext http, Visit visit, LaneModel lane, FormValues values, Apps apps, IAntiforgery antiforgery) =>
        lane.Kind is null ? null : new FormModel(lane.Kind, lane, values, AppNames(apps, visit), Hidden(http, visit, antiforgery));

    private static IReadOnlyList<string> AppNames(Apps apps, Visit visit) => [.. apps.List(visit.Scope.TenantId).Select(app => app.Name)];
}
