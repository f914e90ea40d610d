using System.Runtime.InteropServices;
using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Receive.Langfuse;

/// <summary>A trace or an observation as its events have told of it so far: later fields overwrite earlier ones, and null counts as absent.</summary>
/// <param name="Type"><c>trace</c>, <c>span</c>, <c>generation</c>, <c>event</c>, <c>tool</c>, ...</param>
/// <param name="Told">When its first event was made.</param>
internal sealed record LangfuseEntity(string Id, string Type, Timestamp Told)
{
    // The format has some 25; what else is told is bounded.
    private const int MostFields = 100;

    // What is written onto each observation of a trace.
    private static readonly string[] Shared = ["name", "userId", "sessionId", "environment", "release", "version", "tags"];

    private Dictionary<string, JsonElement> fields = new(StringComparer.Ordinal);

    /// <summary>Of a trace: from the start of the first to the end of the last observation that is known of it.</summary>
    public (Timestamp Start, Timestamp End)? Extent { get; init; }

    /// <summary>Another one with every change; given by the memory.</summary>
    public long Version { get; init; }

    /// <summary>Of a trace: how often what its observations share has changed. Of an observation: what it was last written with.</summary>
    public int Facts { get; init; }

    /// <summary>What was told last may not be on disk: it is written again with whatever comes next.</summary>
    public bool IsLost { get; init; }

    /// <summary>False of a trace of which only observations have come.</summary>
    public bool IsTold => fields.Count > 0;

    /// <summary>Of a trace: it was told by its name or for somebody, and not only what came out.</summary>
    public bool IsNamed => Get("name") is not null || Get("userId") is not null || Get("sessionId") is not null;

    /// <summary>Roughly what it holds in memory.</summary>
    public int Bytes => 200 + fields.Sum(pair => 100 + pair.Key.Length + BytesOf(pair.Value));

    /// <summary>Its observation has not ended yet.</summary>
    public bool IsOpen => Type is not ("trace" or "event") && Time("endTime") is null;

    // The text, and for each name, value and bracket in it twelve bytes of where it is.
    private static int BytesOf(JsonElement value)
    {
        const int PerToken = 12;
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array)) return 8;
        var text = JsonMarshal.GetRawUtf8Value(value);
        if (value.ValueKind == JsonValueKind.String) return text.Length;
        var tokens = 0L;
        foreach (var letter in text)
            if (letter is (byte)',' or (byte)':' or (byte)'[' or (byte)'{' or (byte)']' or (byte)'}') tokens++;
        return (int)Math.Min(text.Length + (PerToken * tokens), int.MaxValue / 200);
    }

    /// <summary>With what an event says.</summary>
    /// <param name="body">Of what it says each value is kept by itself: the body as a whole goes with its request.</param>
    public LangfuseEntity With(JsonElement body)
    {
        var all = new Dictionary<string, JsonElement>(fields, StringComparer.Ordinal);
        foreach (var property in body.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.Null && (all.Count < MostFields || all.ContainsKey(property.Name))) all[property.Name] = property.Value.Clone();
        return this with { fields = all };
    }

    /// <summary>A trace with what an event says.</summary>
    public LangfuseEntity WithTrace(JsonElement body)
    {
        var told = With(body);
        return Array.TrueForAll(Shared, name => Same(Get(name), told.Get(name))) ? told : told with { Facts = Facts + 1 };
    }

    private static bool Same(JsonElement? one, JsonElement? other) =>
        one is { } a ? other is { } b && JsonMarshal.GetRawUtf8Value(a).SequenceEqual(JsonMarshal.GetRawUtf8Value(b)) : other is null;

    public LangfuseEntity Widened(Timestamp start, Timestamp end) =>
        this with { Extent = Extent is { } known ? (start < known.Start ? start : known.Start, end > known.End ? end : known.End) : (start, end) };

    public JsonElement? Get(string name) => fields.TryGetValue(name, out var value) ? value : null;

    /// <summary>Null when it is absent, blank or no text.</summary>
    public string? Text(string name) => Get(name) is { } value ? LangfuseJson.Text(value) : null;

    public Timestamp? Time(string name) => Text(name) is { } text && Timestamp.TryParse(text, out var time) && !time.IsNone ? time : null;

    /// <summary>A text among the metadata.</summary>
    public string? Metadata(string key) =>
        Get("metadata") is { ValueKind: JsonValueKind.Object } map && map.TryGetProperty(key, out var value) ? LangfuseJson.Text(value) : null;
}

internal static class LangfuseJson
{
    public static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    public static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? Text(value) : null;

    /// <summary>Whoever reads a text that is none gets an exception; whoever asks here first does not.</summary>
    public static bool IsUnicode(JsonElement value)
    {
        try
        {
            Read(value);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }

        static void Read(JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.String:
                    _ = value.GetString();
                    break;
                case JsonValueKind.Array:
                    foreach (var item in value.EnumerateArray()) Read(item);
                    break;
                case JsonValueKind.Object:
                    foreach (var property in value.EnumerateObject())
                    {
                        _ = property.Name;
                        Read(property.Value);
                    }

                    break;
            }
        }
    }
}
