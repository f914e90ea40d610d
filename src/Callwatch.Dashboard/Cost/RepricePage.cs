using System.Text.Json;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Frame;
using Callwatch.Store.Repricing;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Dashboard.Cost;

/// <summary>How a change of stored costs is kept: the host writes it as the API tells it, so that both tell the same.</summary>
public interface IRepriceRecords
{
    string Write(RepriceSelection selection, RepriceDifference shown);
}

/// <summary>A change of stored costs that was made.</summary>
public sealed record RepriceRow(Control.RepricingRecord Record, decimal? DifferenceUsd, long? Touched);

/// <summary>The page that prices stored calls anew.</summary>
public sealed record RepriceModel(
    FormValues Values, RepriceDifference? Shown, FormProblem? Problem, IReadOnlyList<RepriceRow> History, IReadOnlyList<(string Name, string Value)> Hidden);

/// <summary>Prices a range anew: the difference first, then exactly that, by whoever saw it.</summary>
internal static class RepricePage
{
    private const int MostListed = 20;

    public static IResult Get(HttpContext http, Visit visit, Repricer repricer, IAntiforgery antiforgery) => Show(http, visit, repricer, antiforgery, new FormValues(), null, null, StatusCodes.Status200OK);

    public static async Task<IResult> PostAsync(HttpContext http, Visit visit, IViewer viewer, Repricer repricer, IRepriceRecords records, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancel) : FormCollection.Empty;
        visit = visit.InZoneOf(form);
        var values = FormValues.Of(form, null);
        RazorComponentResult Wrong(string? field, string message) => Show(http, visit, repricer, antiforgery, values, null, new FormProblem(field, message), StatusCodes.Status422UnprocessableEntity);
        if (visit.Scope.OnlyAppId is not null) return Wrong(null, "Stored costs are changed for all apps together; a key of one app cannot.");
        if (!Zones.TryParse(form["from"].ToString().Trim(), visit.Zone, out var from)) return Wrong("from", "Write a time with its zone, as 2026-09-17T00:00:00Z.");
        if (!Zones.TryParse(form["to"].ToString().Trim(), visit.Zone, out var to)) return Wrong("to", "Write a time with its zone, as 2026-09-17T00:00:00Z.");
        var selection = new RepriceSelection(visit.Scope.TenantId, from, to, Text("app"), Text("model"), Text("q"));
        var expect = form["do"] == "apply" ? Text("expect") : null;
        return await repricer.AskAsync(selection, expect, viewer.Who, shown => records.Write(selection, shown), cancel) switch
        {
            RepriceAnswer.Shown shown => Show(http, visit, repricer, antiforgery, values, shown.Difference, null, StatusCodes.Status200OK),
            RepriceAnswer.Begun => PricesPage.GoTo(http, visit, visit.Place.On(CostRoutes.Reprice).With("done", "begun")),
            RepriceAnswer.Changed changed => Show(
                http, visit, repricer, antiforgery, values, changed.Difference, new FormProblem(null, "Calls or prices are no longer those that were shown. This is the difference now."), StatusCodes.Status409Conflict),
            RepriceAnswer.Busy busy => Wrong(null, busy.Why),
            RepriceAnswer.Wrong wrong => Wrong(wrong.Field, wrong.Message),
            _ => throw new InvalidOperationException("There is no other answer."),
        };

        string? Text(string name) => form[name].ToString().Trim() is { Length: > 0 } text ? text : null;
    }

    private static RazorComponentResult Show(HttpContext http, Visit visit, Repricer repricer, IAntiforgery antiforgery, FormValues values, RepriceDifference? shown, FormProblem? problem, int status) =>
        visit.Render<RepriceScreen>(status, (nameof(RepriceScreen.Model), new RepriceModel(
            values, shown, problem, visit.Scope.OnlyAppId is null ? [.. repricer.History(visit.Scope.TenantId, MostListed).Select(Row)] : [], Forms.Hidden(http, visit, antiforgery))));

    private static RepriceRow Row(Control.RepricingRecord record)
    {
        using var difference = JsonDocument.Parse(record.Difference);
        var root = difference.RootElement;
        return new RepriceRow(
            record, root.TryGetProperty("difference_usd", out var usd) && usd.TryGetDecimal(out var amount) ? amount : null, root.TryGetProperty("touched", out var calls) && calls.TryGetInt64(out var count) ? count : null);
    }
}
