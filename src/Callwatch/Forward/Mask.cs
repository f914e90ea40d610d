using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// What a destination must not see: text that a pattern finds is replaced by <c>***</c>, wherever it stands in a span's bodies, attributes, names and errors.
/// Patterns run without backtracking, so no text can make them slow.
/// </summary>
public sealed class Mask
{
    public static readonly Mask None = new([]);

    private static readonly Dictionary<string, string> BuiltIn = new(StringComparer.Ordinal)
    {
        ["email"] = @"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
        ["credit_card"] = @"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,7}\b",
        ["phone"] = @"\+?[0-9]{1,3}[ -]?\(?[0-9]{2,4}\)?[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}\b",
        ["ip_address"] = @"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b",
        ["api_key"] = @"\b(sk|pk|rk|cw|lsv2|ghp|xox[abp])[-_][A-Za-z0-9_-]{12,}",
    };

    private readonly IReadOnlyList<Regex> patterns;

    private Mask(IReadOnlyList<Regex> patterns) => this.patterns = patterns;

    public static IEnumerable<string> Names => BuiltIn.Keys;

    public bool IsEmpty => patterns.Count == 0;

    /// <summary>Names of built-in patterns (<c>email</c>, <c>phone</c>, ...) or regular expressions; null and the one that is wrong when one is none.</summary>
    public static (Mask? Mask, string? Wrong) Of(IReadOnlyList<string> patterns)
    {
        var compiled = new List<Regex>(patterns.Count);
        foreach (var pattern in patterns)
        {
            try
            {
                compiled.Add(new Regex(BuiltIn.GetValueOrDefault(pattern, pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                return (null, pattern);
            }
        }

        return (new Mask(compiled), null);
    }

    public string? Text(string? text)
    {
        if (text is null) return null;
        foreach (var pattern in patterns) text = pattern.Replace(text, "***");
        return text;
    }

    /// <summary>The same JSON with every string masked, keys apart.</summary>
    public JsonNode? Json(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, Json(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Json)]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Text(text)),
        _ => node?.DeepClone(),
    };

    /// <summary>The span as the destination may see it. The bytes as sent are taken away: they hold what was to be hidden.</summary>
    public SpanToSend Of(SpanToSend span) => IsEmpty ? span : new SpanToSend(Of(span.Span), Of(span.Content), span.App, default, default, default);

    private Span Of(Span span) => span with
    {
        Name = Text(span.Name)!,
        DisplayName = Text(span.DisplayName)!,
        UserId = Text(span.UserId),
        SessionId = Text(span.SessionId),
        InputPreview = Text(span.InputPreview),
        OutputPreview = Text(span.OutputPreview),
        Tags = [.. span.Tags.Select(tag => Text(tag)!)],
        Metadata = span.Metadata.ToDictionary(pair => pair.Key, pair => Text(pair.Value)!),
        Error = span.Error is null ? null : span.Error with { Message = Text(span.Error.Message), Stack = Text(span.Error.Stack) },
        Scores = [.. span.Scores.Select(score => score with { Comment = Text(score.Comment) })],
    };

    private SpanContent Of(SpanContent content) => content with
    {
        Input = Json(content.Input),
        Output = Json(content.Output),
        InputMessages = [.. content.InputMessages.Select(Of)],
        OutputMessages = [.. content.OutputMessages.Select(Of)],
        Tools = [.. content.Tools.Select(tool => Json(tool)!)],
        Documents = [.. content.Documents.Select(document => Json(document)!)],
        Attributes = (JsonObject)Json(content.Attributes)!,
        Events = [.. content.Events.Select(item => item with { Attributes = (JsonObject)Json(item.Attributes)! })],
        Links = [.. content.Links.Select(link => link with { Attributes = (JsonObject)Json(link.Attributes)! })],
    };

    private ChatMessage Of(ChatMessage message) => message with { Parts = [.. message.Parts.Select(Of)] };

    private MessagePart Of(MessagePart part) => part with
    {
        Text = Text(part.Text),
        Arguments = Json(part.Arguments),
        Result = Json(part.Result),
        Uri = Text(part.Uri),
        Raw = Json(part.Raw),
    };
}
