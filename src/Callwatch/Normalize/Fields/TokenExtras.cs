using System.Text;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>Every further count that a price can use (the usage keys of the price data): what has no column of its own must not be lost.</summary>
internal static class TokenExtras
{
    private static readonly (string Key, FieldRules Rules)[] Named =
    [
        ("input_text_tokens", [Attr("gen_ai.usage.text.input_tokens")]),
        ("output_text_tokens", [Attr("gen_ai.usage.text.output_tokens")]),
        ("output_image_tokens", [Attr("gen_ai.usage.image.output_tokens")]),
        ("output_video_tokens", [Attr("gen_ai.usage.video.output_tokens")]),
        ("web_searches",
        [
            Attr("gen_ai.usage.web_searches"), Attr("anthropic.usage.server_tool_use.web_search_requests"),
            Json("ai.response.providerMetadata", "anthropic", "usage", "server_tool_use", "web_search_requests"),
            Json("output.value", "usage", "server_tool_use", "web_search_requests"),
        ]),
        ("audio_seconds", [Attr("gen_ai.usage.audio_seconds")]),
        ("input_audio_seconds", [Attr("gen_ai.usage.input_audio_seconds")]),
        ("output_audio_seconds", [Attr("gen_ai.usage.output_audio_seconds")]),
        ("input_characters", [Attr("gen_ai.usage.input_characters")]),
        ("requests", [Attr("gen_ai.usage.requests")]),
    ];

    private static readonly FieldRules Any = [.. Named.SelectMany(named => named.Rules)];

    // Usage keys of units.json without those that TokenUsage has a field for.
    private static readonly (byte[] Utf8, string Key)[] Keys =
    [
        .. new[]
        {
            "audio_seconds", "cache_audio_read_tokens", "cache_audio_write_tokens", "cache_image_read_tokens", "cache_image_write_tokens",
            "cache_text_read_tokens", "cache_text_write_tokens", "cache_video_read_tokens", "cache_video_write_tokens", "code_executions",
            "input_annotated_document_pages", "input_audio_seconds", "input_audio_tool_tokens", "input_characters", "input_document_pages",
            "input_image_tool_tokens", "input_pixels", "input_text_messages", "input_text_tokens", "input_text_tool_tokens", "input_tool_tokens",
            "input_video_tool_tokens", "output_audio_citation_tokens", "output_audio_reasoning_tokens", "output_audio_seconds", "output_citation_tokens",
            "output_image_citation_tokens", "output_image_reasoning_tokens", "output_image_tokens", "output_text_citation_tokens",
            "output_text_reasoning_tokens", "output_text_tokens", "output_video_citation_tokens", "output_video_reasoning_tokens", "output_video_tokens",
            "requests", "rerank_searches", "social_searches", "storage_searches", "web_searches",
        }.Select(key => (Encoding.UTF8.GetBytes(key), key)),
    ];

    public static IEnumerable<string> UsageKeys => Keys.Select(entry => entry.Key);

    public static void AddOther(ref Dictionary<string, decimal>? others, ReadOnlySpan<byte> key, decimal count)
    {
        foreach (var (utf8, name) in Keys)
        {
            if (!key.SequenceEqual(utf8)) continue;
            (others ??= []).TryAdd(name, count);
            return;
        }
    }

    public static TokenUsage Into(TokenUsage usage, SpanFacts facts)
    {
        Dictionary<string, decimal>? others = null;
        if (facts.Mentions(Any))
        {
            foreach (var (key, rules) in Named)
                if (facts.Money(rules) is { } count) (others ??= []).TryAdd(key, count);
        }

        foreach (var item in facts.Items)
            if (item.Family == Family.UsageDetails && facts.ValueOf(item).Money() is { } count) AddOther(ref others, facts.KeyOf(item), count);
        if (others is null) return usage;
        foreach (var (key, count) in usage.Others) others[key] = count;
        return usage with { Others = others };
    }
}
