using System.Buffers.Text;
using System.Text.Json.Nodes;

namespace Callwatch.Normalize.Reading;

/// <summary>One value of an indexed JSON text: a place to look at, not a copy. <c>default</c> is "no value".</summary>
internal readonly ref struct JsonView(ReadOnlySpan<byte> text, JsonToken[] tokens, int at)
{
    private readonly ReadOnlySpan<byte> text = text;
    private readonly JsonToken[] tokens = tokens;
    private readonly int at = at;

    public JsonForm Form => tokens is null ? JsonForm.None : tokens[at].Form;

    /// <summary>Null and nothing are the same to whoever reads a field.</summary>
    public bool IsAbsent => Form is JsonForm.None or JsonForm.Null;

    /// <summary>The value as it stands in the text; for text without the quotes and with its escapes.</summary>
    public ReadOnlySpan<byte> Raw => tokens is null ? default : text.Slice(tokens[at].Start, tokens[at].Length);

    public bool Escaped => tokens is not null && tokens[at].Escaped;

    /// <summary>The property of that name; no value when this is no object or has none.</summary>
    public JsonView this[ReadOnlySpan<byte> name]
    {
        get
        {
            if (Form != JsonForm.Object) return default;
            var end = tokens[at].Next;
            for (var key = at + 1; key < end; key = tokens[key + 1].Next)
            {
                ref readonly var token = ref tokens[key];
                if (token.Length == name.Length && text.Slice(token.Start, token.Length).SequenceEqual(name)) return new JsonView(text, tokens, key + 1);
            }

            return default;
        }
    }

    /// <summary>The first of the properties that is there and not null.</summary>
    public JsonView First(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other)
    {
        var value = this[name];
        return value.IsAbsent ? this[other] : value;
    }

    public JsonView First(ReadOnlySpan<byte> name, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        var value = First(name, second);
        return value.IsAbsent ? this[third] : value;
    }

    /// <summary>Items of an array; none of anything else.</summary>
    public JsonItems Items => Form == JsonForm.Array ? new JsonItems(text, tokens, at, step: 1) : default;

    /// <summary>Properties of an object; none of anything else.</summary>
    public JsonItems Properties => Form == JsonForm.Object ? new JsonItems(text, tokens, at, step: 2) : default;

    /// <summary>Where the value stands among the tokens of its text; <see cref="At"/> leads back to it.</summary>
    public int Position => at;

    /// <summary>Another value of the same text.</summary>
    public JsonView At(int position) => new(text, tokens, position);

    public bool Is(ReadOnlySpan<byte> word) => Form == JsonForm.Text && Raw.SequenceEqual(word);

    /// <summary>Text as it is meant, numbers and structures as they are written; null for no value.</summary>
    public string? ToText() => Form switch
    {
        JsonForm.None or JsonForm.Null => null,
        JsonForm.Text => JsonText.Read(Raw, Escaped),
        _ => System.Text.Encoding.UTF8.GetString(Raw),
    };

    public long? ToInteger() => Form == JsonForm.Number && Utf8Parser.TryParse(Raw, out long value, out var used) && used == Raw.Length ? value : null;

    /// <summary>A copy that stands on its own. Of a property given twice the first counts; what lies too deep stays as text.</summary>
    public JsonNode? ToNode(int depth = 0)
    {
        switch (Form)
        {
            case JsonForm.Object or JsonForm.Array when depth == AnyValueJson.MaxDepth: return JsonValue.Create(ToText());
            case JsonForm.Object:
                var node = new JsonObject();
                foreach (var property in Properties) node.TryAdd(property.Key, property.Value.ToNode(depth + 1));
                return node;
            case JsonForm.Array:
                var list = new JsonArray();
                foreach (var item in Items) list.Add(item.Value.ToNode(depth + 1));
                return list;
            case JsonForm.Text: return JsonValue.Create(ToText());
            case JsonForm.Number: return JsonText.Number(Raw);
            case JsonForm.True: return JsonValue.Create(true);
            case JsonForm.False: return JsonValue.Create(false);
            default: return null;
        }
    }
}

/// <summary>Walks the items of an array or the properties of an object.</summary>
internal ref struct JsonItems(ReadOnlySpan<byte> text, JsonToken[] tokens, int container, int step)
{
    private readonly ReadOnlySpan<byte> text = text;
    private readonly JsonToken[] tokens = tokens;
    private readonly int end = tokens[container].Next;
    private readonly int container = container;
    private readonly int step = step;
    private int at = container;

    public JsonItem Current { get; private set; }

    public readonly JsonItems GetEnumerator() => this;

    public bool MoveNext()
    {
        if (tokens is null) return false;
        var next = at == container ? container + 1 : tokens[at].Next;
        if (next >= end) return false;
        at = next + step - 1;
        Current = new JsonItem(new JsonView(text, tokens, next), new JsonView(text, tokens, at));
        return true;
    }
}

/// <summary>An item, or a property with its key.</summary>
internal readonly ref struct JsonItem(JsonView key, JsonView value)
{
    private readonly JsonView key = key;

    public JsonView Value { get; } = value;

    public ReadOnlySpan<byte> KeyBytes => key.Raw;

    public string Key => JsonText.Read(key.Raw, key.Escaped);
}
