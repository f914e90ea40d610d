using System.Text.Json;

namespace Callwatch.Receive.Records;

/// <summary>
/// What a model call used, as a record tells it: <c>usage</c> with the names of a span's usage; without it <c>message_tokens</c> and
/// <c>answer_tokens</c>, of nodes <c>prompt_tokens</c> and <c>completion_tokens</c>.
/// </summary>
internal static class RecordUsage
{
    private static readonly (string Name, string Attribute)[] Counts =
    [
        ("input_tokens", "gen_ai.usage.input_tokens"), ("output_tokens", "gen_ai.usage.output_tokens"), ("total_tokens", "gen_ai.usage.total_tokens"),
        ("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"), ("cache_write_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        ("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens"), ("audio_input_tokens", "gen_ai.usage.audio.input_tokens"),
        ("audio_output_tokens", "gen_ai.usage.audio.output_tokens"),
    ];

    public static RecordFault? Check(TraceRecord record, string within)
    {
        if (record.Get("usage") is not { } usage) return null;
        foreach (var property in usage.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null || !Counts.Any(count => property.NameEquals(count.Name))) continue;
            if (RecordShapes.Check(within + "usage." + property.Name, property.Value, FieldShape.Whole) is { } fault) return fault;
        }

        return null;
    }

    /// <summary>The counts as the attributes that carry them; empty when the record tells none.</summary>
    public static IReadOnlyList<(string Attribute, long Count)> Of(TraceRecord record)
    {
        if (record.Get("usage") is { } usage)
        {
            var counts = new List<(string, long)>();
            foreach (var (name, attribute) in Counts)
                if (usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number) counts.Add((attribute, (long)value.GetDecimal()));
            return counts;
        }

        var (input, output) = record.Type == RecordType.Node ? ("prompt_tokens", "completion_tokens") : ("message_tokens", "answer_tokens");
        // Of a workflow they are the sums over its nodes, which tell their own.
        if (record.Type == RecordType.Workflow) return [];
        return [.. new[] { (Counts[0].Attribute, record.Whole(input)), (Counts[1].Attribute, record.Whole(output)) }.Where(count => count.Item2 is not null).Select(count => (count.Attribute, count.Item2!.Value))];
    }
}
