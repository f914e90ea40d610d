using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Costs;
using Callwatch.Dashboard.Destinations;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Cost;

/// <summary>Reads the form of a price; the first trouble is the one told, with its field and what would be right.</summary>
internal static class PriceInput
{
    private const decimal MostUsd = 1_000_000;

    private static readonly string[] Amounts = ["input", "cache_read", "cache_write", "output", "requests"];

    public static (OwnPriceEntry? Entry, FormProblem? Problem) Read(IFormCollection form)
    {
        var (provider, model, from) = (form["provider"].ToString().Trim(), form["model"].ToString().Trim(), form["from"].ToString().Trim());
        if (model.Length is 0 or > 200) return (null, new FormProblem("model", "Write the model as calls name it, at most 200 characters."));
        if (provider.Length > 200) return (null, new FormProblem("provider", "Write the provider as calls name it, at most 200 characters."));
        var prices = new Dictionary<string, decimal?>(StringComparer.Ordinal);
        foreach (var name in Amounts)
        {
            var text = form[name].ToString().Trim();
            if (text.Length == 0) prices[name] = null;
            else if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd) && usd <= MostUsd) prices[name] = usd;
            else return (null, new FormProblem(name, "Write a price in US dollars with a point, as 0.25; 0 is free, empty is none."));
        }

        if (prices.Values.All(price => price is null)) return (null, new FormProblem("input", "Give at least one price; 0 says that it is free."));
        DateOnly? day = null;
        if (from.Length > 0)
        {
            if (!DateOnly.TryParseExact(from, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed) || parsed.Year is < 1970 or >= 2262)
                return (null, new FormProblem("from", "Write the day as 2026-09-16, or leave it empty for always."));
            day = parsed;
        }

        return (new OwnPriceEntry(provider.Length == 0 ? null : provider, model, prices["input"], prices["cache_read"], prices["cache_write"], prices["output"], prices["requests"], day), null);
    }

    /// <summary>The own entries as they are listed.</summary>
    public static IEnumerable<OwnPriceRow> Rows(JsonArray own) =>
        from provider in own.OfType<JsonObject>()
        from model in provider["models"]?.AsArray().OfType<JsonObject>() ?? []
        select new OwnPriceRow(provider["id"]?.ToString() ?? "", model["id"]?.ToString() ?? "", model["start_date"]?.ToString(), Written(model["prices"]));

    private static string Written(JsonNode? prices) => prices is JsonObject keys
        ? string.Join(" · ", keys.Select(key => $"{Short(key.Key)} {(key.Value is JsonObject tiers ? tiers["base"] + " …" : key.Value)}")) : "…";

    private static string Short(string key) => key.Replace("_mtok", "", StringComparison.Ordinal).Replace("_kcount", " (1,000)", StringComparison.Ordinal).Replace('_', ' ');
}
