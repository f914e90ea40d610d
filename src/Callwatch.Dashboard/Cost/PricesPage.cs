using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Costs;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Frame;
using Callwatch.Normalize.Pricing;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Dashboard.Cost;

/// <summary>A price of the operator's own, as it is listed.</summary>
public sealed record OwnPriceRow(string Provider, string Model, string? From, string Prices);

/// <summary>The page of own prices.</summary>
/// <param name="Problem">What is wrong with what was typed; its field is one of the form's.</param>
/// <param name="Preview">What the typed price would make of the calls of the range; null unless asked for.</param>
public sealed record PricesModel(
    FormValues Values, IReadOnlyList<OwnPriceRow> Own, string Json, string Book, PriceQuote? Now, IReadOnlyList<(string Name, string Value)> Hidden, FormProblem? Problem, PricePreview? Preview);

/// <summary>Own prices: looked at, put in force through the same door as the API's.</summary>
internal static class PricesPage
{
    public static IResult Get(HttpContext http, Visit visit, OwnPrices own, PriceBooks books, IAntiforgery antiforgery) =>
        Show(http, visit, own, books, antiforgery, new FormValues(), null, null, StatusCodes.Status200OK);

    public static async Task<IResult> PostAsync(HttpContext http, Visit visit, IViewer viewer, OwnPrices own, PriceBooks books, PricePreviews previews, IAntiforgery antiforgery, CancellationToken cancel)
    {
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancel) : FormCollection.Empty;
        var values = FormValues.Of(form, null);
        var by = new Control.PricesChangedBy(visit.Scope.TenantId, viewer.Who);
        FormProblem? problem;
        // Prices are the instance's, as at the API.
        if (!visit.MayOperate) problem = new FormProblem(null, visit.Words["Prices are those of the whole instance: sign in with an operator key to change them."]);
        else if (form["do"] == "json") problem = PutJson(form["json"].ToString(), own, books, by);
        else
        {
            (var entry, problem) = PriceInput.Read(form);
            if (entry is not null && form["do"] == "preview")
            {
                var preview = await previews.OfAsync(visit.Selection, entry, cancel);
                return Show(http, visit, own, books, antiforgery, values, null, preview, StatusCodes.Status200OK);
            }

            if (entry is not null)
            {
                problem = own.Put(entry.PutInto(own.Entries()), books, by) is PutPricesResult.Wrong wrong ? new FormProblem(null, $"own{wrong.Path} {wrong.Message}.") : null;
                if (problem is null) return GoTo(http, visit, visit.Place.On(CostRoutes.Prices).With("done", "saved").With("model", entry.Model).With("provider", entry.Provider));
            }
        }

        return problem is null ? GoTo(http, visit, visit.Place.On(CostRoutes.Prices).With("done", "saved")) : Show(http, visit, own, books, antiforgery, values, problem, null, StatusCodes.Status422UnprocessableEntity);
    }

    public static IResult GoTo(HttpContext http, Visit visit, Place place)
    {
        http.Response.Headers.Location = visit.Href(place);
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static FormProblem? PutJson(string json, OwnPrices own, PriceBooks books, Control.PricesChangedBy by)
    {
        try
        {
            using var document = JsonDocument.Parse(string.IsNullOrWhiteSpace(json) ? "[]" : json);
            if (document.RootElement.ValueKind != JsonValueKind.Array) return new FormProblem("json", "It must be a list.");
            return own.Put(document.RootElement, books, by) is PutPricesResult.Wrong wrong ? new FormProblem("json", (wrong.Path.Length == 0 ? "The text" : wrong.Path) + " " + wrong.Message + ".") : null;
        }
        catch (JsonException e)
        {
            return new FormProblem("json", string.Create(CultureInfo.InvariantCulture, $"Line {e.LineNumber + 1} is no JSON."));
        }
    }

    private static RazorComponentResult Show(
        HttpContext http, Visit visit, OwnPrices own, PriceBooks books, IAntiforgery antiforgery, FormValues values, FormProblem? problem, PricePreview? preview, int status)
    {
        var entries = own.Entries();
        var list = entries is null ? [] : JsonNode.Parse(entries) as JsonArray ?? [];
        var now = visit.Place.Find("model") is { } model ? books.Quote(visit.Place.Find("provider"), model, visit.Now) : null;
        var model2 = new PricesModel(
            values, [.. PriceInput.Rows(list)], list.Count == 0 ? "[]" : list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }), books.Version, now, Forms.Hidden(http, visit, antiforgery), problem, preview);
        return visit.Render<PricesScreen>(status, (nameof(PricesScreen.Model), model2));
    }
}
