using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>Writes <c>usage_metadata</c>: tokens, whose totals include their details, and cost in US dollars, which then counts in place of LangSmith's own prices.</summary>
internal static class RunUsage
{
    /// <summary>False for a span whose tokens and cost are counted on another one, or are unknown.</summary>
    public static bool IsKnown(LlmCall? call) => call is not null && (!call.Usage.IsUnknown || call.Cost.TotalUsd is not null);

    public static void Write(Utf8JsonWriter json, LlmCall call)
    {
        var (usage, cost) = (call.Usage, call.Cost);
        json.WriteStartObject("usage_metadata");
        Put(json, "input_tokens", usage.Input);
        Put(json, "output_tokens", usage.Output);
        Put(json, "total_tokens", usage.Total ?? (usage is { Input: { } input, Output: { } output } ? input + output : null));
        Details(json, "input_token_details", ("cache_read", usage.CacheRead), ("cache_creation", usage.CacheWrite), ("audio", usage.AudioInput));
        Details(json, "output_token_details", ("reasoning", usage.Reasoning), ("audio", usage.AudioOutput));
        Put(json, "input_cost", Sum(cost.InputUsd, cost.CacheReadUsd, cost.CacheWriteUsd));
        Put(json, "output_cost", Sum(cost.OutputUsd, cost.ReasoningUsd));
        Put(json, "total_cost", cost.TotalUsd);
        Details(json, "input_cost_details", ("cache_read", cost.CacheReadUsd), ("cache_creation", cost.CacheWriteUsd));
        Details(json, "output_cost_details", ("reasoning", cost.ReasoningUsd));
        json.WriteEndObject();
    }

    // Our parts are disjoint, theirs include their details.
    private static decimal? Sum(params decimal?[] parts) => parts.Any(part => part is not null) ? parts.Sum() : null;

    private static void Put(Utf8JsonWriter json, string name, decimal? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
    }

    private static void Details(Utf8JsonWriter json, string name, params (string Name, decimal? Value)[] details)
    {
        if (details.All(detail => detail.Value is null)) return;
        json.WriteStartObject(name);
        foreach (var detail in details) Put(json, detail.Name, detail.Value);
        json.WriteEndObject();
    }
}
