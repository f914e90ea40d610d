using System.Text.Json;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;

namespace Callwatch.Tests.Normalize.Pricing;

internal sealed record RandomCall(string? Provider, string? Url, string Model, Dictionary<string, decimal> Usage, Timestamp At);

/// <summary>Calls to models of the built-in price list, and now and then to models it does not know.</summary>
internal sealed class RandomCalls(int seed)
{
    private static readonly JsonElement Providers = JsonDocument.Parse(PriceFiles.BuiltIn("prices.json")).RootElement;

    private static readonly (string Url, string Provider)[] Hosts =
    [
        ("https://api.openai.com", "openai"), ("https://api.anthropic.com", "anthropic"), ("https://generativelanguage.googleapis.com", "google"),
        ("https://api.groq.com", "groq"), ("https://api.deepseek.com", "deepseek"), ("https://openrouter.ai", "openrouter"), ("https://api.mistral.ai", "mistral"),
        ("https://unit.openai.azure.com", "azure"), ("https://bedrock-runtime.us-east-1.amazonaws.com", "aws"), ("https://llm.example.com", "openai"),
    ];

    private static readonly string[] UnpricedParts = ["cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_reasoning_tokens", "input_audio_tokens"];

    private readonly Random random = new(seed);

    public RandomCall Next()
    {
        var (provider, url, id) = random.Next(10) switch
        {
            0 => (null, null, Pick(["openai", "anthropic", "google", "mistral", "deepseek", "x-ai"])),
            1 => ByHost(),
            2 => Named("litellm"),
            3 => Named("Azure", "openai"),
            4 => Spelled(),
            _ => Named(Pick([.. Providers.EnumerateArray().Select(entry => entry.GetProperty("id").GetString()!)])),
        };
        var model = Pick([.. Provider(id).GetProperty("models").EnumerateArray()]);
        var name = NameOf(model);
        return new RandomCall(provider, url, provider == "litellm" ? id + "/" + name : name, UsageFor(model), Time(model));

        (string?, string?, string) ByHost()
        {
            var host = Pick(Hosts);
            return (null, host.Url, host.Provider);
        }

        (string?, string?, string) Spelled()
        {
            var (spelling, of) = Pick([("azure-openai", "openai"), ("Anthropic", "anthropic"), ("vertex_ai", "google"), ("xai", "x-ai"), ("aws.bedrock", "aws"), ("acme", "openai")]);
            return (spelling, null, of);
        }

        (string?, string?, string) Named(string name, string? of = null) => (name, null, of ?? (name == "litellm" ? Pick(["openai", "groq", "cohere"]) : name));
    }

    private static JsonElement Provider(string id) => Providers.EnumerateArray().First(entry => entry.GetProperty("id").GetString() == id);

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];

    // A name that the entry itself names; another entry may stand before it, which is part of what is compared.
    private string NameOf(JsonElement model)
    {
        var texts = new List<string>();
        Collect(model.GetProperty("match"));
        if (texts.Count == 0) texts.Add(model.GetProperty("id").GetString()!);
        var name = Pick([.. texts]);
        return random.Next(8) switch
        {
            0 => name + "-20250929",
            1 => name + "-2025-09-29",
            2 => name.ToUpperInvariant(),
            3 => " " + name + ":beta",
            _ => name,
        };

        void Collect(JsonElement match)
        {
            foreach (var rule in match.EnumerateObject())
            {
                if (rule.Name is "or" or "and")
                    foreach (var part in rule.Value.EnumerateArray()) Collect(part);
                else if (rule.Name is not "regex") texts.Add(rule.Value.GetString()!);
            }
        }
    }

    private Timestamp Time(JsonElement model)
    {
        var day = new DateTimeOffset(2023 + random.Next(4), 1 + random.Next(12), 1 + random.Next(28), random.Next(24), random.Next(60), random.Next(60), TimeSpan.Zero);
        if (model.GetProperty("prices").ValueKind != JsonValueKind.Array) return Timestamp.From(day);
        foreach (var entry in model.GetProperty("prices").EnumerateArray())
        {
            if (!entry.TryGetProperty("constraint", out var constraint) || !constraint.TryGetProperty("start_date", out var start) || random.Next(2) == 0) continue;
            day = DateTimeOffset.Parse(start.GetString() + "T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture).AddSeconds(random.Next(3) - 1);
        }

        return Timestamp.From(day);
    }

    // Counts that fit together: each unit has some of its own besides what its parts have.
    private Dictionary<string, decimal> UsageFor(JsonElement model)
    {
        var prices = model.GetProperty("prices");
        var price = prices.ValueKind == JsonValueKind.Array ? prices[prices.GetArrayLength() - 1].GetProperty("prices") : prices;
        var units = price.EnumerateObject().Select(entry => PriceUnits.ByPriceKey[entry.Name]).Where(unit => unit != PriceUnits.Requests).ToHashSet();
        foreach (var part in UnpricedParts.Select(key => PriceUnits.ByUsageKey[key]))
            if (random.Next(3) == 0 && units.Any(whole => (part.Wholes & (1UL << whole.Index)) != 0)) units.Add(part);

        var own = units.ToDictionary(unit => unit, unit => unit.Wholes == 0 || random.Next(2) == 0 ? Amount(unit) : 0);
        var usage = units.ToDictionary(unit => unit.UsageKey, unit => own.Where(part => part.Key == unit || (part.Key.Wholes & (1UL << unit.Index)) != 0).Sum(part => part.Value));

        // The package wants both names of the same seconds.
        if (usage.TryGetValue("input_audio_seconds", out var seconds)) usage["audio_seconds"] = seconds;
        return usage;
    }

    private decimal Amount(PriceUnit unit) => random.Next(6) switch
    {
        0 => 0,
        1 when unit.Per >= 1_000_000 => Pick([128_000m, 200_000m, 200_001m, 256_000m, 272_000m, 272_001m]),
        _ when unit.Per < 1_000_000 => unit.Per == 3600 ? random.Next(100_000) / 100m : random.Next(20),
        _ => (decimal)Math.Floor(Math.Pow(10, random.NextDouble() * 6)),
    };
}
