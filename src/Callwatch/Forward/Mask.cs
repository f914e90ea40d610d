using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// What a destination must not see: text that a pattern finds is replaced by <c>***</c>, wherever a sender can have written it: bodies, attributes, names,
/// errors and the facts of a call. Ids by which spans, tool calls and their results find each other stay, and so do the names of attributes.
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
        Environment = Text(span.Environment),
        Release = Text(span.Release),
        UserId = Text(span.UserId),
        SessionId = Text(span.SessionId),
        InputPreview = Text(span.InputPreview),
        OutputPreview = Text(span.OutputPreview),
        Tags = All(span.Tags),
        Metadata = span.Metadata.ToDictionary(pair => pair.Key, pair => Text(pair.Value)!),
        Error = span.Error is null ? null : span.Error with { Type = Text(span.Error.Type)!, Message = Text(span.Error.Message), Stack = Text(span.Error.Stack) },
        Scores = [.. span.Scores.Select(score => score with { Name = Text(score.Name)!, Comment = Text(score.Comment) })],
        Call = span.Call is null ? null : Of(span.Call),
        ModelRequest = Text(span.ModelRequest),
    };

    private LlmCall Of(LlmCall call) => call with
    {
        Operation = Text(call.Operation),
        Provider = Text(call.Provider),
        ProviderRaw = Text(call.ProviderRaw),
        ServerAddress = Text(call.ServerAddress),
        RequestModel = Text(call.RequestModel),
        ResponseModel = Text(call.ResponseModel),
        FinishReasonsRaw = All(call.FinishReasonsRaw),
        ToolCalls = [.. call.ToolCalls.Select(tool => tool with { Name = Text(tool.Name) })],
        StopSequences = All(call.StopSequences),
        ReasoningEffort = Text(call.ReasoningEffort),
        ResponseFormat = Text(call.ResponseFormat),
        ServiceTier = Text(call.ServiceTier),
        PromptName = Text(call.PromptName),
        PromptVersion = Text(call.PromptVersion),
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
        Events = [.. content.Events.Select(item => item with { Name = Text(item.Name)!, Attributes = (JsonObject)Json(item.Attributes)! })],
        Links = [.. content.Links.Select(link => link with { Attributes = (JsonObject)Json(link.Attributes)! })],
    };

    private ChatMessage Of(ChatMessage message) => new(Text(message.Role)!, [.. message.Parts.Select(Of)], Text(message.FinishReason));

    private MessagePart Of(MessagePart part) => part with
    {
        Text = Text(part.Text),
        Name = Text(part.Name),
        Arguments = Json(part.Arguments),
        Result = Json(part.Result),
        Uri = Text(part.Uri),
        Raw = Json(part.Raw),
    };

    private IReadOnlyList<string> All(IReadOnlyList<string> texts) => [.. texts.Select(text => Text(text)!)];
}
