using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.SpanView;

/// <summary>
/// Every text of a span by a short address (<c>in.3.0</c>, <c>attr.gen_ai.prompt</c>), so that a page can show the beginning
/// and fetch the rest when somebody asks for it.
/// </summary>
public static class SpanTexts
{
    public const string Input = "input", Output = "output", ErrorMessage = "error", Stack = "stack", Raw = "raw";

    // Characters stay themselves here; the page encodes them.
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };
    private static readonly JsonSerializerOptions Indented = new(OneLine) { WriteIndented = true };

    public static string InputPart(int message, int part) => string.Create(CultureInfo.InvariantCulture, $"in.{message}.{part}");

    public static string OutputPart(int message, int part) => string.Create(CultureInfo.InvariantCulture, $"out.{message}.{part}");

    public static string Tool(int index) => string.Create(CultureInfo.InvariantCulture, $"tool.{index}");

    public static string Document(int index) => string.Create(CultureInfo.InvariantCulture, $"doc.{index}");

    public static string Event(int index) => string.Create(CultureInfo.InvariantCulture, $"event.{index}");

    public static string Attribute(string name) => "attr." + name;

    /// <summary>Null when the span has no such text.</summary>
    public static string? Find(SpanDetails details, string at)
    {
        var content = details.Content;
        if (at.StartsWith("attr.", StringComparison.Ordinal)) return content.Attributes.TryGetPropertyValue(at["attr.".Length..], out var value) ? Of(value) : null;
        var steps = at.Split('.');
        return steps[0] switch
        {
            Input => Of(content.Input),
            Output => Of(content.Output),
            ErrorMessage => details.Span.Error?.Message,
            Stack => details.Span.Error?.Stack,
            Raw => Of(RawJson(details)),
            "in" => Of(Part(content.InputMessages, steps)),
            "out" => Of(Part(content.OutputMessages, steps)),
            "tool" => Of(At(content.Tools, steps, 1)),
            "doc" => Of(At(content.Documents, steps, 1)),
            "event" => Of(At(content.Events, steps, 1)?.Attributes),
            _ => null,
        };
    }

    /// <summary>What a part of a message says: its text, or what it holds as JSON.</summary>
    public static string? Of(MessagePart? part) => part switch
    {
        null => null,
        { Text: { } text } => text,
        { Arguments: { } arguments } => Of(arguments),
        { Result: { } result } => Of(result),
        { Raw: { } raw } => Of(raw),
        _ => null,
    };

    /// <summary>A string as it is, anything else as JSON: on one line where it is short, else indented.</summary>
    public static string? Of(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => node.ToJsonString(OneLine) is { Length: <= 64 } brief ? brief : node.ToJsonString(Indented),
    };

    /// <summary>True where the text of a node is JSON and not somebody's words.</summary>
    public static bool IsJson(JsonNode? node) => node is JsonObject or JsonArray || (node is JsonValue value && !value.TryGetValue<string>(out _));

    /// <summary>What was received for this span, as far as it is kept.</summary>
    public static JsonObject RawJson(SpanDetails details)
    {
        var (span, content) = (details.Span, details.Content);
        var raw = new JsonObject
        {
            ["trace_id"] = span.TraceId.ToString(),
            ["span_id"] = span.SpanId.ToString(),
            ["parent_span_id"] = span.ParentSpanId.IsNone ? null : span.ParentSpanId.ToString(),
            ["name"] = span.Name,
            ["start"] = span.Start.ToString(),
            ["end"] = span.End.ToString(),
            ["attributes"] = content.Attributes.DeepClone(),
        };
        if (content.Events.Count > 0)
            raw["events"] = new JsonArray([.. content.Events.Select(one => new JsonObject { ["name"] = one.Name, ["time"] = one.Time.ToString(), ["attributes"] = one.Attributes.DeepClone() })]);
        if (content.Links.Count > 0)
            raw["links"] = new JsonArray([.. content.Links.Select(link => new JsonObject { ["trace_id"] = link.TraceId.ToString(), ["span_id"] = link.SpanId.ToString(), ["attributes"] = link.Attributes.DeepClone() })]);
        return raw;
    }

    private static MessagePart? Part(IReadOnlyList<ChatMessage> messages, string[] steps) => At(messages, steps, 1) is { } message ? At(message.Parts, steps, 2) : null;

    private static T? At<T>(IReadOnlyList<T> list, string[] steps, int step)
        where T : class =>
        steps.Length > step && int.TryParse(steps[step], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count ? list[index] : null;
}
