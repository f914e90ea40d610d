using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>How the answer ended, and how long a vector is (genai-attributes, section 4.4).</summary>
internal static class OutputFields
{
    private static readonly FieldRules FinishReasons =
    [
        Attr("gen_ai.response.finish_reasons"), Attr("gen_ai.response.finish_reason"), Attr("gen_ai.response.stop_reason"), Attr("ai.response.finishReason"),
        Attr("llm.finish_reason"), Attr("llm.response.finish_reason"), Attr("llm.response.stop_reason"), Attr("anthropic.message.stop_reason"),
    ];

    private static readonly FieldRules DimensionsBefore = [Attr("gen_ai.embeddings.dimension.count"), Attr("gen_ai.request.embedding_dimension")];
    private static readonly FieldRules DimensionsAfter = [Json("llm.invocation_parameters", "dimensions")];
    private static readonly FieldRules AiEmbeddings = [Attr("ai.embeddings"), Attr("ai.embedding")];

    private static readonly WordTable<string> Folded = new(
        ("stop", "stop"), ("end_turn", "stop"), ("stop_sequence", "stop"), ("eos", "stop"), ("eos_token", "stop"), ("complete", "stop"), ("completed", "stop"),
        ("length", "length"), ("max_tokens", "length"), ("max_output_tokens", "length"),
        ("tool_calls", "tool_call"), ("tool_call", "tool_call"), ("tool-calls", "tool_call"), ("tool_use", "tool_call"), ("function_call", "tool_call"), ("toolcalls", "tool_call"),
        ("content_filter", "content_filter"), ("content-filter", "content_filter"), ("safety", "content_filter"), ("refusal", "content_filter"), ("contentfilter", "content_filter"),
        ("error", "error"));

    /// <summary>As sent, where attributes carry them; messages may too.</summary>
    public static IReadOnlyList<string> FinishReasonsRaw(SpanFacts facts) => facts.Mentions(FinishReasons) ? facts.Texts(FinishReasons) : [];

    public static IReadOnlyList<string> Fold(IReadOnlyList<string> raw)
    {
        if (raw is []) return [];
        if (raw is [var only]) return Lists.GetValueOrDefault(Fold(only)) ?? [Fold(only)];
        return [.. raw.Select(Fold)];
    }

    /// <summary>A finish reason that says the caller went away.</summary>
    public static bool IsCancelled(string raw) =>
        raw.Equals("cancelled", StringComparison.OrdinalIgnoreCase) || raw.Equals("canceled", StringComparison.OrdinalIgnoreCase)
        || raw.Equals("abort", StringComparison.OrdinalIgnoreCase) || raw.Equals("aborted", StringComparison.OrdinalIgnoreCase);

    public static long? EmbeddingDimensions(SpanFacts facts)
    {
        if (facts.Count(DimensionsBefore) is { } given) return given;
        foreach (var item in facts.Items)
            if (item.Family == Family.Embeddings && facts.KeyOf(item).SequenceEqual("0.embedding.vector"u8) && Length(facts, facts.ValueOf(item)) is { } vector) return vector;
        if (facts.Count(DimensionsAfter) is { } asked) return asked;
        foreach (var value in facts.All(AiEmbeddings))
            if (FirstLength(facts, value) is { } first) return first;
        return null;
    }

    private static string Fold(string raw)
    {
        Span<byte> utf8 = stackalloc byte[64];
        return System.Text.Encoding.UTF8.TryGetBytes(raw, utf8, out var length) && Folded.TryGet(utf8[..length], out var folded) ? folded : "other";
    }

    // Nearly every call has one reason out of six: one list each serves them all.
    private static readonly Dictionary<string, IReadOnlyList<string>> Lists =
        new[] { "stop", "length", "tool_call", "content_filter", "error", "other" }.ToDictionary(word => word, IReadOnlyList<string> (word) => [word]);

    // The length of one vector, however it is written.
    private static long? Length(SpanFacts facts, WireValue vector)
    {
        long length = 0;
        if (vector.Form == ValueForm.List)
        {
            foreach (var _ in new OtlpValues(vector.Raw)) length++;
        }
        else
        {
            foreach (var _ in facts.Json(vector).Items) length++;
        }

        return length > 0 ? length : null;
    }

    // The AI SDK writes one vector, or an array of them, as JSON strings.
    private static long? FirstLength(SpanFacts facts, WireValue vectors)
    {
        if (vectors.Form == ValueForm.List)
        {
            var items = new OtlpValues(vectors.Raw);
            return items.MoveNext() ? Length(facts, new WireValue(items.Current)) : null;
        }

        var json = facts.Json(vectors).Items;
        if (!json.MoveNext()) return null;
        return json.Current.Value.Form == JsonForm.Array ? Length(facts, new WireValue(json.Current.Value)) : Length(facts, vectors);
    }
}
