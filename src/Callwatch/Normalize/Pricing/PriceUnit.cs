using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace Callwatch.Normalize.Pricing;

/// <summary>The part of <see cref="Spans.CallCost"/> that a unit adds to.</summary>
internal enum CostPart
{
    Input, CacheRead, CacheWrite, Output, Reasoning, Other,
}

/// <summary>One thing that can be counted and priced (<c>data/units.json</c>).</summary>
internal sealed class PriceUnit
{
    public required int Index { get; init; }

    /// <summary>Its name in a usage: <c>cache_read_tokens</c>.</summary>
    public required string UsageKey { get; init; }

    /// <summary>Its name in a price: <c>cache_read_mtok</c>.</summary>
    public required string PriceKey { get; init; }

    /// <summary>How many of it the price is for.</summary>
    public required decimal Per { get; init; }

    public required CostPart Part { get; init; }

    /// <summary>What it is part of, as bits of <see cref="Index"/>: what says the same of fewer dimensions.</summary>
    public required ulong Wholes { get; init; }

    /// <summary>In order from the most particular; what is part of most things is first.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Priced by what goes in or comes out, in whatever measure (tokens, seconds, characters, pages); not by the piece, as searches are.</summary>
    public required bool IsMeasure { get; init; }

    public required bool IsOutput { get; init; }
}

/// <summary>All units; there are fewer than 64, so that a set of them is one number.</summary>
internal static class PriceUnits
{
    public static readonly IReadOnlyList<PriceUnit> All = Read();

    public static readonly FrozenDictionary<string, PriceUnit> ByUsageKey = All.ToFrozenDictionary(unit => unit.UsageKey);
    public static readonly FrozenDictionary<string, PriceUnit> ByPriceKey = All.ToFrozenDictionary(unit => unit.PriceKey);

    public static readonly PriceUnit Input = ByUsageKey["input_tokens"];
    public static readonly PriceUnit Output = ByUsageKey["output_tokens"];
    public static readonly PriceUnit CacheRead = ByUsageKey["cache_read_tokens"];
    public static readonly PriceUnit CacheWrite = ByUsageKey["cache_write_tokens"];
    public static readonly PriceUnit CacheWrite1h = ByUsageKey["cache_write_1h_tokens"];
    public static readonly PriceUnit Reasoning = ByUsageKey["output_reasoning_tokens"];
    public static readonly PriceUnit AudioInput = ByUsageKey["input_audio_tokens"];
    public static readonly PriceUnit AudioOutput = ByUsageKey["output_audio_tokens"];
    public static readonly PriceUnit ImageInput = ByUsageKey["input_image_tokens"];
    public static readonly PriceUnit VideoInput = ByUsageKey["input_video_tokens"];
    public static readonly PriceUnit AudioSeconds = ByUsageKey["audio_seconds"];
    public static readonly PriceUnit InputAudioSeconds = ByUsageKey["input_audio_seconds"];

    /// <summary>Counted by itself: one per call.</summary>
    public static readonly PriceUnit Requests = ByUsageKey["requests"];

    private static List<PriceUnit> Read()
    {
        using var document = JsonDocument.Parse(PriceFiles.BuiltIn("units.json"));
        var raw = document.RootElement.EnumerateObject().Select(property => (
            Key: property.Name,
            Per: property.Value.GetProperty("per").GetDecimal(),
            PriceKey: property.Value.TryGetProperty("price_key", out var key) ? key.GetString()! : property.Name,
            Dimensions: property.Value.GetProperty("dimensions").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!)))
            .OrderByDescending(unit => unit.Dimensions.Count).ThenBy(unit => unit.Key, StringComparer.Ordinal).ToList();
        return [.. raw.Select((unit, index) => new PriceUnit
        {
            Index = index,
            UsageKey = unit.Key,
            PriceKey = unit.PriceKey,
            Per = unit.Per,
            Dimensions = unit.Dimensions.Count,
            Part = PartOf(unit.Dimensions),
            IsMeasure = unit.Dimensions["family"] is not ("tool_calls" or "rerank" or "requests"),
            IsOutput = unit.Dimensions.GetValueOrDefault("direction") == "output",
            Wholes = raw.Select((other, i) => i != index && other.Dimensions.All(pair => unit.Dimensions.GetValueOrDefault(pair.Key) == pair.Value) ? 1UL << i : 0)
                .Aggregate(0UL, (set, bit) => set | bit),
        })];
    }

    private static CostPart PartOf(Dictionary<string, string> dimensions) => (dimensions.GetValueOrDefault("direction"), dimensions.GetValueOrDefault("token_type")) switch
    {
        ("input", "cache_read") => CostPart.CacheRead,
        ("input", "cache_write") => CostPart.CacheWrite,
        ("input", _) => CostPart.Input,
        ("output", "reasoning") => CostPart.Reasoning,
        ("output", _) => CostPart.Output,
        _ => CostPart.Other,
    };
}

/// <summary>The data that comes with the program.</summary>
internal static class PriceFiles
{
    public static byte[] BuiltIn(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Callwatch.Normalize.Pricing.data." + name)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
