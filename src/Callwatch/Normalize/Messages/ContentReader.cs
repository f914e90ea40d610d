using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>The bodies of one span, copied out whole for whoever opens it.</summary>
internal static class ContentReader
{
    /// <param name="once">What chats and agents were told stands in their messages; the tree it was captured as is left out.</param>
    public static SpanContent Read(SpanFacts facts, in OtlpSpan span, SpanKind kind, bool once = false)
    {
        JsonNode? input = null, output = null;
        List<ChatMessage> inputMessages = [], outputMessages = [];
        switch (kind)
        {
            case SpanKind.Tool:
                input = Whole(facts, ToolFields.Arguments, MessageSources.OtherInput);
                output = Whole(facts, ToolFields.Result, MessageSources.OtherOutput);
                break;
            case SpanKind.Retrieval or SpanKind.Rerank:
                input = Whole(facts, RetrievalFields.Query, MessageSources.OtherInput);
                output = Whole(facts, RetrievalFields.DocumentsBefore, MessageSources.OtherOutput);
                break;
            default:
                inputMessages = Messages(facts, kind, output: false, once, out input);
                if (kind == SpanKind.Embedding) input = input is null ? EmbeddedTexts(facts) : WithoutQuotes(input);

                // Vectors are no content.
                if (kind != SpanKind.Embedding) outputMessages = Messages(facts, kind, output: true, once, out output);
                break;
        }

        var documents = Documents.Of(facts, kind);
        var isPresent = input is not null || output is not null || inputMessages.Count > 0 || outputMessages.Count > 0 || documents.Count > 0;
        return new SpanContent
        {
            State = !isPresent ? ContentState.NotCaptured : Redaction.Of(facts) ? ContentState.Masked : ContentState.Present,
            Input = input,
            Output = output,
            InputMessages = inputMessages,
            OutputMessages = outputMessages,
            Tools = ToolDefinitions.Of(facts),
            Documents = documents,
            Attributes = Attributes(span),
            Events = Events(span),
            Links = Links(span),
        };
    }

    private static JsonNode? Whole(SpanFacts facts, FieldRules rules, FieldRules otherwise) =>
        NodeOf(facts, Conversation.First(facts, rules)) ?? NodeOf(facts, Conversation.First(facts, otherwise));

    private static List<ChatMessage> Messages(SpanFacts facts, SpanKind kind, bool output, bool once, out JsonNode? node)
    {
        var captured = output ? Conversation.Output(facts) : Conversation.Input(facts);

        // What was put together from single attributes reads worse than the request or answer that stands beside them.
        var whole = captured.Value.IsAbsent ? Conversation.First(facts, output ? MessageSources.OtherOutput : MessageSources.OtherInput) : captured;
        var messages = new List<ChatMessage>();
        var isHidden = false;
        if (captured.Json.Form is JsonForm.Array or JsonForm.Object)
        {
            foreach (var place in Conversation.Messages(facts, captured, output))
                if (MessageReader.Read(captured.Json.At(place.Position), place.Role) is { } message) messages.Add(message);

            // Hidden on purpose: the shell of a conversation without a word in it.
            isHidden = messages.Count == 0 && facts.Space.Messages.Count > 0;
        }
        else if (captured.IsThere && (kind.IsCall() || kind == SpanKind.Agent) && Text(facts, captured) is { } text)
        {
            messages.Add(new ChatMessage(output ? "assistant" : "user", [new MessagePart("text") { Text = text }]));
        }

        node = isHidden || (once && messages.Count > 0 && kind is (SpanKind.Chat or SpanKind.Agent)) ? null : NodeOf(facts, whole.IsThere ? whole : captured);
        if (!output) PutSystemFirst(facts, messages);
        return messages;
    }

    private static string? Text(SpanFacts facts, Captured captured) =>
        captured.Json.Form == JsonForm.Text ? captured.Json.ToText() : captured.Value.Text(facts.Space.Words);

    // Unless the first message is that very one: OpenLIT writes both.
    private static void PutSystemFirst(SpanFacts facts, List<ChatMessage> messages)
    {
        var system = Conversation.First(facts, MessageSources.SystemInstructions);
        if (!system.IsThere) return;
        var message = system.Json.IsAbsent
            ? new ChatMessage("system", [new MessagePart("text") { Text = system.Value.Text(facts.Space.Words) }])
            : MessageReader.Read(system.Json, "system");
        if (message is null || (messages is [{ Role: "system" } first, ..] && first.Parts.Select(part => part.Text).SequenceEqual(message.Parts.Select(part => part.Text)))) return;
        messages.Insert(0, message with { Role = "system" });
    }

    private static JsonNode? NodeOf(SpanFacts facts, Captured captured)
    {
        if (!captured.IsThere) return null;
        if (captured.Json.Form is JsonForm.Array or JsonForm.Object or JsonForm.Text) return captured.Json.ToNode();
        return captured.Value.Form is ValueForm.List or ValueForm.Pairs ? AnyValueJson.ToNode(captured.Value)
            : captured.Value.Text(facts.Space.Words) is { } text ? JsonValue.Create(text) : null;
    }

    // The AI SDK writes each text to embed as JSON.
    private static JsonNode WithoutQuotes(JsonNode input) =>
        input is JsonArray texts ? new JsonArray([.. texts.Select(text => text is JsonValue value && value.TryGetValue(out string? json) && json is ['"', ..] ? MessageReader.Loose(json) : text?.DeepClone())]) : input;

    private static JsonArray? EmbeddedTexts(SpanFacts facts)
    {
        var texts = new SortedDictionary<int, string>();
        foreach (var item in facts.Items)
        {
            if (item.Family == Family.Embeddings && IndexedMessages.TryIndex(facts.KeyOf(item), out var index, out var rest)
                && rest.SequenceEqual("embedding.text"u8) && facts.ValueOf(item) is { IsText: true } value && !value.Is("__REDACTED__"u8)
                && value.Text(facts.Space.Words) is { } text) texts[index] = text;
        }

        return texts.Count == 0 ? null : new JsonArray([.. texts.Values.Select(text => (JsonNode?)JsonValue.Create(text))]);
    }

    private static JsonObject Attributes(in OtlpSpan span)
    {
        var all = AnyValueJson.Pairs(span.Attributes);
        foreach (var pair in span.ScopeAttributes) all["scope." + Encoding.UTF8.GetString(pair.Key)] = AnyValueJson.ToNode(pair.Value, 1);
        if (!span.ScopeName.IsEmpty) all["scope.name"] = Encoding.UTF8.GetString(span.ScopeName);
        if (!span.ScopeVersion.IsEmpty) all["scope.version"] = Encoding.UTF8.GetString(span.ScopeVersion);
        foreach (var pair in span.ResourceAttributes) all["resource." + Encoding.UTF8.GetString(pair.Key)] = AnyValueJson.ToNode(pair.Value, 1);
        return all;
    }

    private static List<SpanEvent> Events(in OtlpSpan span)
    {
        var events = new List<SpanEvent>();
        foreach (var happening in span.Events)
            events.Add(new SpanEvent(Encoding.UTF8.GetString(happening.Name), new Timestamp((long)Math.Min(happening.TimeUnixNanoseconds, long.MaxValue)), AnyValueJson.Pairs(happening.Attributes)));
        return events;
    }

    private static List<SpanLink> Links(in OtlpSpan span)
    {
        var links = new List<SpanLink>();
        foreach (var link in span.Links) links.Add(new SpanLink(link.TraceId, link.SpanId, AnyValueJson.Pairs(link.Attributes)));
        return links;
    }
}
