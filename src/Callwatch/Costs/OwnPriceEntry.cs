using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Costs;

/// <summary>A price of the operator's own for one model, in US dollars for a million tokens.</summary>
/// <param name="Provider">As calls name it; null for calls that name none.</param>
/// <param name="From">First day (UTC) on which it holds; null is always.</param>
public sealed record OwnPriceEntry(string? Provider, string Model, decimal? Input, decimal? CacheRead, decimal? CacheWrite, decimal? Output, decimal? PerThousandRequests, DateOnly? From)
{
    // Calls without a provider are found by their model alone: each such model is a provider of its own.
    private string ProviderId => (Provider ?? "model:" + Model).ToLowerInvariant();

    /// <summary>The list of own entries with this one put in, in place of one for the same model and day.</summary>
    /// <param name="own">As it is in force; null for none.</param>
    public JsonElement PutInto(byte[]? own)
    {
        var list = own is null ? [] : JsonNode.Parse(own) as JsonArray ?? [];
        var provider = list.OfType<JsonObject>().FirstOrDefault(entry => Text(entry["id"])?.Equals(ProviderId, StringComparison.OrdinalIgnoreCase) == true);
        if (provider is null)
        {
            provider = new JsonObject { ["id"] = ProviderId };
            if (Provider is null) provider["model_match"] = new JsonObject { ["equals"] = Model };
            list.Add(provider);
        }

        if (provider["models"] is not JsonArray models) provider["models"] = models = [];
        var day = From?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        foreach (var same in models.OfType<JsonObject>().Where(model => Text(model["id"]) == Model && Text(model["start_date"]) == day).ToList()) models.Remove(same);
        models.Insert(PlaceIn(models, day), Entry(day));
        using var document = JsonDocument.Parse(list.ToJsonString());
        return document.RootElement.Clone();
    }

    // The first that matches is the one, unless it begins some day: the latest day has to stand first, and what holds always behind them.
    private int PlaceIn(JsonArray models, string? day)
    {
        var place = 0;
        for (var i = 0; i < models.Count; i++)
        {
            if (models[i] is not JsonObject model || Text(model["id"]) != Model) continue;
            if (Text(model["start_date"]) is { } other && (day is null || string.CompareOrdinal(other, day) > 0)) place = i + 1;
        }

        return place;
    }

    private JsonObject Entry(string? day)
    {
        var prices = new JsonObject();
        Add("input_mtok", Input);
        Add("cache_read_mtok", CacheRead);
        Add("cache_write_mtok", CacheWrite);
        Add("output_mtok", Output);
        Add("requests_kcount", PerThousandRequests);
        var entry = new JsonObject { ["id"] = Model };
        if (day is not null) entry["start_date"] = day;
        entry["prices"] = prices;
        return entry;

        void Add(string key, decimal? usd)
        {
            if (usd is { } price) prices[key] = price;
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
