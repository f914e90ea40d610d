using System.Buffers.Text;
using System.Text.Json.Nodes;
using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>Lists written as one attribute per leaf, <c>prefix.N.suffix...</c> (genai-attributes, section 2, rule 4): sorted by number, gaps tolerated.</summary>
internal static class IndexedMessages
{
    private const int HighestIndex = 10_000;
    private const int Deepest = 16;

    public static Family InputFamily(SpanFacts facts) => FirstOf(facts, Family.InputMessages, Family.Prompts, Family.GenAiPrompt);

    public static Family OutputFamily(SpanFacts facts) => FirstOf(facts, Family.OutputMessages, Family.Choices, Family.GenAiCompletion);

    /// <summary>The list as a JSON array of nested objects; null when it is empty.</summary>
    public static byte[]? ToJson(SpanFacts facts, Family family) => ToNode(facts, family) is { Count: > 0 } array ? Bytes.Of(array) : null;

    /// <summary>The same as nodes. Keys of what is listed keep their dots where the list has no further level.</summary>
    public static JsonArray? ToNode(SpanFacts facts, Family family)
    {
        var root = new Branch();
        foreach (var item in facts.Items)
            if (item.Family == family) root.Put(facts.KeyOf(item), facts.ValueOf(item), facts, 0);
        return root.ToNode() as JsonArray;
    }

    /// <summary>The number at the start of a key, and what follows its dot; false when there is none or it is too high.</summary>
    public static bool TryIndex(ReadOnlySpan<byte> key, out int index, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        if (!Utf8Parser.TryParse(key, out index, out var used) || index is < 0 or > HighestIndex || (used < key.Length && key[used] != '.')) return false;
        rest = used < key.Length ? key[(used + 1)..] : default;
        return true;
    }

    private static Family FirstOf(SpanFacts facts, Family first, Family second, Family third)
    {
        var found = Family.None;
        foreach (var item in facts.Items)
        {
            if (item.Family == first) return first;
            if (item.Family == second) found = second;
            else if (item.Family == third && found != second) found = third;
        }

        return found;
    }

    private sealed class Branch
    {
        private SortedDictionary<int, Branch>? items;
        private Dictionary<string, Branch>? properties;
        private JsonNode? leaf;

        public void Put(ReadOnlySpan<byte> key, WireValue value, SpanFacts facts, int depth)
        {
            if (key.IsEmpty || depth == Deepest)
            {
                leaf = value.Form is ValueForm.List or ValueForm.Pairs ? AnyValueJson.ToNode(value) : Leaf(value, facts);
                return;
            }

            if (char.IsAsciiDigit((char)key[0]))
            {
                if (!TryIndex(key, out var index, out var rest)) return;
                items ??= [];
                if (!items.TryGetValue(index, out var item)) items[index] = item = new Branch();
                item.Put(rest, value, facts, depth + 1);
                return;
            }

            var dot = key.IndexOf((byte)'.');
            var name = facts.Space.Words.Get(dot < 0 ? key : key[..dot]);
            properties ??= new Dictionary<string, Branch>(StringComparer.Ordinal);
            if (!properties.TryGetValue(name, out var property)) properties[name] = property = new Branch();
            property.Put(dot < 0 ? default : key[(dot + 1)..], value, facts, depth + 1);
        }

        public JsonNode? ToNode()
        {
            if (items is not null) return new JsonArray([.. items.Values.Select(item => item.ToNode())]);
            if (properties is null) return leaf;
            var node = new JsonObject();
            foreach (var (name, property) in properties) node[name] = property.ToNode();
            return node;
        }

        private static JsonNode? Leaf(WireValue value, SpanFacts facts) => value.Form switch
        {
            ValueForm.Integer or ValueForm.Double when value.Double() is { } number => JsonValue.Create(number),
            ValueForm.True => JsonValue.Create(true),
            ValueForm.False => JsonValue.Create(false),
            ValueForm.Text when value.Raw.StartsWith("[{"u8) && facts.Json(value) is { Form: JsonForm.Array } parts && MessageParts.IsPartList(parts) => parts.ToNode(),
            _ => value.Text(facts.Space.Words) is { } text ? JsonValue.Create(text) : null,
        };
    }
}
