using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>How reading a price list ended.</summary>
internal abstract record PriceDataResult
{
    private PriceDataResult()
    {
    }

    public sealed record Read(PriceData Data) : PriceDataResult;

    /// <summary><c>Path</c> is the place in the list: <c>[0].models[2].match</c>.</summary>
    public sealed record Wrong(string Path, string Message) : PriceDataResult;
}

/// <summary>Reads price lists strictly: what is misspelt in an operator's list would otherwise quietly price nothing.</summary>
internal sealed class PriceDataReader
{
    private const decimal MostUsd = 1_000_000_000;

    private PriceDataResult.Wrong? wrong;

    private PriceDataReader()
    {
    }

    public static PriceDataResult Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (JsonException e)
        {
            return new PriceDataResult.Wrong("", $"is no JSON (line {e.LineNumber + 1})");
        }
        catch (InvalidOperationException)
        {
            // How the reader says it only when a text is asked for.
            return new PriceDataResult.Wrong("", "has a text that is no Unicode");
        }
    }

    public static PriceDataResult Parse(JsonElement list)
    {
        var reader = new PriceDataReader();
        var providers = reader.List(list, "", reader.Provider);
        return (PriceDataResult?)reader.wrong ?? new PriceDataResult.Read(new PriceData(providers));
    }

    private ProviderPrices Provider(JsonElement provider, string path)
    {
        var id = Text(provider, "id", path).ToLowerInvariant();
        var pattern = Optional(provider, "api_pattern") is { } api ? Pattern(api, path + ".api_pattern", "^(?:", ")") : null;
        return new ProviderPrices
        {
            Id = id,
            ApiPattern = pattern as NameMatch.Pattern,
            ProviderMatch = Optional(provider, "provider_match") is { } byName ? Match(byName, path + ".provider_match") : null,
            ModelMatch = Optional(provider, "model_match") is { } byModel ? Match(byModel, path + ".model_match") : null,
            Fallbacks = Optional(provider, "fallback_model_providers") is { } others ? List(others, path + ".fallback_model_providers", TextOf) : [],
            Models = Optional(provider, "models") is { } models ? List(models, path + ".models", (model, at) => Model(model, at, id)) : [],
        };
    }

    private PricedModel Model(JsonElement model, string path, string providerId)
    {
        var id = Text(model, "id", path);
        var prices = Optional(model, "prices") ?? Fail(path + ".prices", "is missing", default(JsonElement));
        return new PricedModel
        {
            ProviderId = providerId,
            Id = id,
            Match = Optional(model, "match") is { } match ? Match(match, path + ".match") : new NameMatch.Equal(id),
            From = Optional(model, "start_date") is { } from ? Day(from, path + ".start_date") : null,
            Prices = prices.ValueKind == JsonValueKind.Array ? AtLeastOne(List(prices, path + ".prices", Dated), path + ".prices")
                : [new DatedPrice(Price(prices, path + ".prices"))],
        };
    }

    private DatedPrice Dated(JsonElement entry, string path)
    {
        var price = Price(Optional(entry, "prices") ?? default, path + ".prices");
        if (Optional(entry, "constraint") is not { } constraint) return new DatedPrice(price);
        var at = path + ".constraint";
        if (Optional(constraint, "start_date") is { } day) return new DatedPrice(price) { From = Day(day, at + ".start_date") };
        return Optional(constraint, "start_time") is { } start && Optional(constraint, "end_time") is { } end
            ? new DatedPrice(price) { Daily = (TimeOfDay(start, at + ".start_time"), TimeOfDay(end, at + ".end_time")) }
            : Fail(at, "needs start_date, or start_time and end_time", new DatedPrice(price));
    }

    private ModelPrice Price(JsonElement price, string path)
    {
        var prices = new List<(PriceUnit, UnitPrice)>();
        if (price.ValueKind != JsonValueKind.Object) return Fail(path, "must be an object of prices", new ModelPrice(prices));
        foreach (var entry in price.EnumerateObject())
        {
            if (PriceUnits.ByPriceKey.TryGetValue(entry.Name, out var unit)) prices.Add((unit, Amount(entry.Value, $"{path}.{entry.Name}")));
            else Fail($"{path}.{entry.Name}", "is no price key", 0);
        }

        return new ModelPrice(prices);
    }

    private UnitPrice Amount(JsonElement amount, string path)
    {
        if (amount.ValueKind != JsonValueKind.Object) return new UnitPrice(Usd(amount, path), []);
        var start = Optional(amount, "base") is { } first ? Usd(first, path + ".base") : Fail(path + ".base", "is missing", 0m);
        var tiers = Optional(amount, "tiers") is { } list ? List(list, path + ".tiers", Tier) : [];
        return new UnitPrice(start, [.. tiers.OrderBy(tier => tier.Start)]);
    }

    private PriceTier Tier(JsonElement tier, string path)
    {
        var start = Optional(tier, "start") is { ValueKind: JsonValueKind.Number } from && from.TryGetInt64(out var tokens) && tokens >= 0
            ? tokens : Fail(path + ".start", "must be a number of tokens", 0L);
        return new PriceTier(start, Usd(Optional(tier, "price") ?? default, path + ".price"));
    }

    private NameMatch Match(JsonElement match, string path)
    {
        if (match.ValueKind != JsonValueKind.Object || match.EnumerateObject().Count() != 1) return Fail(path, "must be an object with one of equals, starts_with, ends_with, contains, regex, or, and", NameMatch.Never);
        var rule = match.EnumerateObject().First();
        var at = $"{path}.{rule.Name}";
        return rule.Name switch
        {
            "equals" => new NameMatch.Equal(TextOf(rule.Value, at)),
            "starts_with" => new NameMatch.StartsWith(TextOf(rule.Value, at)),
            "ends_with" => new NameMatch.EndsWith(TextOf(rule.Value, at)),
            "contains" => new NameMatch.Contains(TextOf(rule.Value, at)),
            "regex" => Pattern(rule.Value, at),
            "or" => new NameMatch.Any(List(rule.Value, at, Match)),
            "and" => new NameMatch.All(List(rule.Value, at, Match)),
            _ => Fail(at, "is none of equals, starts_with, ends_with, contains, regex, or, and", NameMatch.Never),
        };
    }

    private NameMatch Pattern(JsonElement pattern, string path, string before = "", string after = "")
    {
        var text = before + TextOf(pattern, path) + after;
        try
        {
            return new NameMatch.Pattern(Compiled(text));
        }
        catch (ArgumentException)
        {
            return Fail(path, "is no regular expression", NameMatch.Never);
        }
    }

    // In time that grows with the name alone, where the pattern allows it. A time limit strikes on a busy machine whatever the name, so only what
    // looks ahead or back has one.
    private static Regex Compiled(string pattern)
    {
        const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
        try
        {
            return new Regex(pattern, Options | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, Options, NameMatch.RegexLimit);
        }
    }

    private Timestamp Day(JsonElement day, string path) =>
        DateOnly.TryParseExact(TextOf(day, path), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is >= 1970 and < 2262
            ? Timestamp.From(new DateTimeOffset(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero))
            : Fail(path, "must be a day, as 2026-03-13", default(Timestamp));

    private TimeSpan TimeOfDay(JsonElement time, string path) =>
        DateTimeOffset.TryParseExact("1970-01-02T" + TextOf(time, path), "yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.UtcDateTime.TimeOfDay
            : Fail(path, "must be a time of day with its zone, as 16:30:00Z", TimeSpan.Zero);

    private decimal Usd(JsonElement amount, string path) =>
        amount.ValueKind == JsonValueKind.Number && amount.TryGetDecimal(out var usd) && usd is >= 0 and <= MostUsd
            ? usd : Fail(path, "must be a price in US dollars, from 0 up", 0m);

    private List<T> List<T>(JsonElement list, string path, Func<JsonElement, string, T> item)
    {
        if (list.ValueKind != JsonValueKind.Array) return Fail<List<T>>(path, "must be a list", []);
        var items = new List<T>();
        foreach (var element in list.EnumerateArray())
        {
            items.Add(item(element, string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]")));
            if (wrong is not null) break;
        }

        return items;
    }

    private List<T> AtLeastOne<T>(List<T> list, string path) => list.Count > 0 ? list : Fail(path, "must not be empty", list);

    private string TextOf(JsonElement text, string path) =>
        text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value ? value : Fail(path, "must be a text", " ");

    private string Text(JsonElement parent, string name, string path) =>
        Optional(parent, name) is { } text ? TextOf(text, $"{path}.{name}") : Fail($"{path}.{name}", "is missing", " ");

    private static JsonElement? Optional(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    // The first trouble is the one told; what is returned instead is never used.
    private T Fail<T>(string path, string message, T instead)
    {
        wrong ??= new PriceDataResult.Wrong(path, message);
        return instead;
    }
}
