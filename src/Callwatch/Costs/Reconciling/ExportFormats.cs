namespace Callwatch.Costs.Reconciling;

/// <summary>One kind of export, told by its columns. Names are compared without case, with every other character than letters and digits as an underscore.</summary>
/// <param name="Needed">Columns by which it is known; of names with a bar between, one is enough.</param>
internal sealed record ExportFormat(string Provider, string Kind, string Title, string[] Needed, Func<ExportLine, UsageRow?> Read)
{
    public bool Fits(IReadOnlySet<string> columns) => Needed.All(needed => needed.Split('|').Any(columns.Contains));
}

/// <summary>
/// The exports that are known, with the columns that providers publish: OpenAI's usage page (Activity, Cost) and the consoles of Anthropic
/// (Usage, Cost), as of autumn 2026. Columns that are not named here are of no matter, whatever their order.
/// </summary>
internal static class ExportFormats
{
    public static readonly IReadOnlyList<ExportFormat> All =
    [
        new("openai", "cost", "OpenAI, cost", ["amount_value", "start_time_iso|start_time"], OpenAiCost),
        new("openai", "usage", "OpenAI, activity", ["num_model_requests", "start_time_iso|start_time"], OpenAiUsage),
        new("anthropic", "usage", "Anthropic, usage", ["usage_date_utc", "usage_input_tokens_no_cache", "usage_output_tokens", "model_version|model"], AnthropicUsage),
        new("anthropic", "cost", "Anthropic, cost", ["usage_date_utc", "cost_usd"], AnthropicCost),
    ];

    /// <summary>For whoever sent something else.</summary>
    public static string Expected => string.Join("; ", All.Select(format => $"{format.Title}: {string.Join(", ", format.Needed.Select(needed => needed.Replace("|", " or ", StringComparison.Ordinal)))}"));

    // A day without anything has a line without anything.
    private static UsageRow? OpenAiUsage(ExportLine line) => line.IsBlank("num_model_requests") && line.IsBlank("input_tokens") ? null
        : new UsageRow(line.Day("start_time_iso", "start_time"), line.Text("model"), line.Count("num_model_requests"), line.Count("input_tokens"), line.Count("input_cached_tokens"), null, line.Count("output_tokens"), null);

    private static UsageRow? OpenAiCost(ExportLine line)
    {
        if (line.IsBlank("amount_value")) return null;
        if (line.Text("amount_currency") is { Length: > 0 } currency && !currency.Equals("usd", StringComparison.OrdinalIgnoreCase)) line.Fail("amount_currency", "only usd can be compared; export the costs in US dollars.");
        return new UsageRow(line.Day("start_time_iso", "start_time"), ModelOf(line.Text("line_item")), null, null, null, null, null, line.Money("amount_value"));
    }

    private static UsageRow? AnthropicUsage(ExportLine line)
    {
        if (line.IsBlank("usage_date_utc")) return null;
        var write = (line.Count("usage_input_tokens_cache_write_5m") ?? 0) + (line.Count("usage_input_tokens_cache_write_1h") ?? 0) + (line.Count("usage_input_tokens_cache_write") ?? 0);
        var read = line.Count("usage_input_tokens_cache_read") ?? 0;
        var model = line.Text("model_version");
        return new UsageRow(
            line.Day("usage_date_utc"), model.Length > 0 ? model : line.Text("model"), null, (line.Count("usage_input_tokens_no_cache") ?? 0) + write + read, read, write, line.Count("usage_output_tokens"), null);
    }

    private static UsageRow? AnthropicCost(ExportLine line) => line.IsBlank("cost_usd") ? null
        : new UsageRow(line.Day("usage_date_utc"), line.Text("model"), null, null, null, null, null, line.Money("cost_usd"));

    // "gpt-4o-2024-08-06, input": the class of tokens stands behind the model.
    private static string ModelOf(string item) => item.IndexOf(", ", StringComparison.Ordinal) is > 0 and var comma ? item[..comma] : item;
}
