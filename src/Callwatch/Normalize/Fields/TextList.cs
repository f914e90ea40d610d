using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Fields;

/// <summary>Lists of words in all the ways they come (genai-attributes, section 2, rule 1).</summary>
internal static class TextList
{
    // More than any call has reasons or tags; a hostile list ends here.
    private const int Most = 100;

    public static IReadOnlyList<string> Of(SpanFacts facts, WireValue value)
    {
        if (value.Form == ValueForm.List) return OfItems(facts, new OtlpValues(value.Raw));
        if (value.Form == ValueForm.Json && value.Json.Form == JsonForm.Array) return OfJson(facts, value.Json);
        if (value.Form != ValueForm.Text) return value.Text(facts.Space.Words) is { Length: > 0 } text ? [text] : [];
        if (value.Raw[0] == '[')
        {
            var json = facts.Json(value);
            if (json.Form == JsonForm.Array) return OfJson(facts, json);

            // Old Semantic Kernel: [Stop]
            if (value.Raw[^1] == ']') return Split(facts, value.Raw[1..^1]);
        }

        return Split(facts, value.Raw);
    }

    private static List<string> OfItems(SpanFacts facts, OtlpValues items)
    {
        var texts = new List<string>();
        foreach (var item in items)
            if (texts.Count < Most && new WireValue(item).Text(facts.Space.Words) is { Length: > 0 } text) texts.Add(text);
        return texts;
    }

    private static List<string> OfJson(SpanFacts facts, JsonView array)
    {
        var texts = new List<string>();
        foreach (var item in array.Items)
            if (texts.Count < Most && new WireValue(item.Value).Text(facts.Space.Words) is { Length: > 0 } text) texts.Add(text);
        return texts;
    }

    private static List<string> Split(SpanFacts facts, ReadOnlySpan<byte> words)
    {
        var texts = new List<string>(1);
        foreach (var range in words.Split((byte)','))
        {
            var word = words[range].Trim(" \t\"'"u8);
            if (!word.IsEmpty && texts.Count < Most) texts.Add(facts.Space.Words.Get(word));
        }

        return texts;
    }
}
