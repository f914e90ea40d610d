using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>One message of a span, before its text is read.</summary>
/// <param name="Hash">The same for the same words of the same writer, wherever they stand; nothing else of a message counts.</param>
/// <param name="IsLast">The newest of what went in.</param>
internal readonly record struct Said(bool IsOutput, string Role, ulong Hash, bool IsLast)
{
    public bool IsSystem => Role is "system" or "developer";
}

/// <summary>Who hears what a span says.</summary>
internal interface IHearSpans
{
    /// <summary>False when nothing that it says is wanted.</summary>
    bool Begins(Span span);

    /// <param name="first">Hash of the first message that is no system's; 0 when nothing went in. Conversations that begin alike are the same for who knows no better.</param>
    void Conversation(ulong first);

    /// <summary>What came out first, then what went in, the newest first. False when the text of the message is not wanted.</summary>
    bool Message(in Said said);

    /// <summary>A text of that message.</summary>
    void Text(ReadOnlySpan<byte> utf8, bool escaped);
}

/// <summary>
/// Everything that was said in a span, in whatever shape it was written, for whoever looks for words: nothing is copied, and of what nobody wants
/// nothing is read twice. Tool definitions and what only describes a message are left out.
/// </summary>
internal static class SaidReader
{
    private const int Deepest = 24;

    // What describes a message and says nothing.
    private static readonly WordTable<bool> Silent = new(
        ("role", true), ("type", true), ("finish_reason", true), ("finishReason", true), ("stop_reason", true), ("object", true), ("index", true),
        ("mime_type", true), ("mimeType", true), ("media_type", true), ("mediaType", true), ("lc", true), ("model", true), ("created", true), ("usage", true),
        ("logprobs", true), ("signature", true), ("encrypted_content", true), ("response_metadata", true), ("usage_metadata", true), ("generation_info", true),
        ("tools", true), ("functions", true), ("response_format", true), ("json_schema", true), ("input_schema", true), ("tool_choice", true), ("status", true));

    public static void Read(SpanFacts facts, SpanKind kind, IHearSpans ear)
    {
        switch (kind)
        {
            case SpanKind.Tool:
                Plain(facts, ToolFields.Arguments, MessageSources.OtherInput, ToolFields.Result, ear);
                break;
            case SpanKind.Retrieval or SpanKind.Rerank:
                Plain(facts, RetrievalFields.Query, MessageSources.OtherInput, RetrievalFields.DocumentsBefore, ear);
                foreach (var family in (ReadOnlySpan<Family>)[Family.Documents, Family.RerankedDocuments])
                    if (IndexedMessages.ToJson(facts, family) is { } json) Whole(facts, new Captured(default, facts.Made(json)), isOutput: true, ear);
                break;
            default:
                Dialogue(facts, kind, ear);
                break;
        }
    }

    private static void Plain(SpanFacts facts, FieldRules given, FieldRules orGiven, FieldRules back, IHearSpans ear)
    {
        ear.Conversation(0);
        var result = Conversation.First(facts, back);
        Whole(facts, result.IsThere ? result : Conversation.First(facts, MessageSources.OtherOutput), isOutput: true, ear);
        var input = Conversation.First(facts, given);
        Whole(facts, input.IsThere ? input : Conversation.First(facts, orGiven), isOutput: false, ear);
    }

    private static void Dialogue(SpanFacts facts, SpanKind kind, IHearSpans ear)
    {
        if (!Conversation.IsPossible(facts)) return;
        var input = Conversation.Input(facts);
        MessagePlace[] places = IsStructure(input) ? [.. Conversation.Messages(facts, input, output: false)] : [];
        ear.Conversation(FirstOf(facts, input, places));
        if (kind != SpanKind.Embedding)
        {
            // Vectors are no words.
            var output = Conversation.Output(facts);
            MessagePlace[] answers = IsStructure(output) ? [.. Conversation.Messages(facts, output, output: true)] : [];
            Messages(facts, output, answers, isOutput: true, ear);
        }

        Messages(facts, input, places, isOutput: false, ear);
        var system = Conversation.First(facts, MessageSources.SystemInstructions);
        if (!system.IsThere) return;
        if (ear.Message(new Said(IsOutput: false, "system", HashOf(facts, system), IsLast: false))) Say(facts, system, ear);
    }

    private static bool IsStructure(Captured captured) => captured.Json.Form is JsonForm.Array or JsonForm.Object;

    private static ulong FirstOf(SpanFacts facts, Captured input, MessagePlace[] places)
    {
        foreach (var place in places)
        {
            var message = input.Json.At(place.Position);
            if (MessageParts.Role(message, place.Role) is not ("system" or "developer")) return Words(message);
        }

        return input.IsThere && places.Length == 0 ? HashOf(facts, input) : 0;
    }

    private static void Messages(SpanFacts facts, Captured captured, MessagePlace[] places, bool isOutput, IHearSpans ear)
    {
        if (places.Length == 0)
        {
            Whole(facts, captured, isOutput, ear);
            return;
        }

        for (var i = places.Length - 1; i >= 0; i--)
        {
            var message = captured.Json.At(places[i].Position);
            var said = new Said(isOutput, MessageParts.Role(message, places[i].Role), Words(message), IsLast: !isOutput && i == places.Length - 1);
            if (ear.Message(said)) Say(message, ear);
        }
    }

    private static void Whole(SpanFacts facts, Captured captured, bool isOutput, IHearSpans ear)
    {
        if (!captured.IsThere) return;
        if (ear.Message(new Said(isOutput, isOutput ? "assistant" : "user", HashOf(facts, captured), IsLast: !isOutput))) Say(facts, captured, ear);
    }

    private static ulong HashOf(SpanFacts facts, Captured captured) => !captured.Json.IsAbsent ? Words(captured.Json)
        : captured.Value.IsText ? Hash.Of(captured.Value.Raw) : Hash.Of(captured.Value.Text(facts.Space.Words));

    private static void Say(SpanFacts facts, Captured captured, IHearSpans ear)
    {
        if (!captured.Json.IsAbsent) Say(captured.Json, ear);
        else if (captured.Value.IsText) ear.Text(captured.Value.Raw, captured.Value.Form == ValueForm.EscapedText);
        else if (captured.Value.Text(facts.Space.Words) is { } text) ear.Text(System.Text.Encoding.UTF8.GetBytes(text), escaped: false);
    }

    private static void Say(JsonView value, IHearSpans ear, int depth = 0)
    {
        switch (value.Form)
        {
            case JsonForm.Text when !value.Raw.IsEmpty && !value.Is("__REDACTED__"u8):
                ear.Text(value.Raw, value.Escaped);
                break;
            case JsonForm.Number:
                ear.Text(value.Raw, escaped: false);
                break;
            case JsonForm.Array when depth < Deepest:
                foreach (var item in value.Items) Say(item.Value, ear, depth + 1);
                break;
            case JsonForm.Object when depth < Deepest:
                foreach (var property in value.Properties)
                    if (Speaks(property)) Say(property.Value, ear, depth + 1);
                break;
        }
    }

    private static ulong Words(JsonView value, ulong hash = 0, int depth = 0)
    {
        switch (value.Form)
        {
            case JsonForm.Text or JsonForm.Number: return Hash.Of(value.Raw, hash);
            case JsonForm.Array when depth < Deepest:
                foreach (var item in value.Items) hash = Words(item.Value, hash, depth + 1);
                break;
            case JsonForm.Object when depth < Deepest:
                foreach (var property in value.Properties)
                    if (Speaks(property)) hash = Words(property.Value, hash, depth + 1);
                break;
        }

        return hash;
    }

    // LangChain names the class of a message in a list called id.
    private static bool Speaks(JsonItem property) =>
        !Silent.TryGet(property.KeyBytes, out _) && !(property.Value.Form == JsonForm.Array && property.KeyBytes.SequenceEqual("id"u8));
}
