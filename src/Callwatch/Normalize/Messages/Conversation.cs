using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>What was captured of one side of a span: JSON, or text that is none.</summary>
internal readonly ref struct Captured
{
    public Captured(WireValue value, JsonView json, bool isHistory = false)
    {
        Value = value;
        Json = json;
        IsHistory = isHistory;
    }

    public WireValue Value { get; }

    public JsonView Json { get; }

    /// <summary>Question and answer stand together in it.</summary>
    public bool IsHistory { get; }

    public bool IsThere => !Value.IsAbsent || !Json.IsAbsent;
}

/// <summary>
/// Finds what went into a span and what came out: the first source that was captured (genai-attributes, section 7).
/// What was hidden on purpose counts as not captured.
/// </summary>
internal static class Conversation
{
    private static readonly FieldRules Everything =
    [
        .. MessageSources.InputMessages, .. MessageSources.OutputMessages, .. MessageSources.AiResponse, .. MessageSources.OtherInput, .. MessageSources.OtherOutput,
    ];

    /// <summary>False for spans that can have no conversation: nearly all that are no call.</summary>
    public static bool IsPossible(SpanFacts facts) => facts.Mentions(Everything) || facts.EventCount > 0 || facts.Items.Length > 0;

    public static Captured Input(SpanFacts facts)
    {
        if (First(facts, MessageSources.InputMessages) is { IsThere: true } messages) return messages;
        if (EventMessages.ToJson(facts, output: false) is { } events) return new Captured(default, facts.Made(events));
        if (IndexedMessages.InputFamily(facts) is not Family.None and var family && IndexedMessages.ToJson(facts, family) is { } indexed) return new Captured(default, facts.Made(indexed));
        return First(facts, MessageSources.OtherInput);
    }

    public static Captured Output(SpanFacts facts)
    {
        if (First(facts, MessageSources.OutputMessages) is { IsThere: true } messages) return messages;
        if (EventMessages.ToJson(facts, output: true) is { } events) return new Captured(default, facts.Made(events));
        if (IndexedMessages.OutputFamily(facts) is not Family.None and var family && IndexedMessages.ToJson(facts, family) is { } indexed) return new Captured(default, facts.Made(indexed));
        if (AiResponse.ToJson(facts) is { } response) return new Captured(default, facts.Made(response));
        return First(facts, MessageSources.OtherOutput);
    }

    /// <summary>The first of the rules' values that holds anything.</summary>
    public static Captured First(SpanFacts facts, FieldRules rules)
    {
        if (!facts.Mentions(rules)) return default;
        var hits = facts.All(rules);
        while (hits.MoveNext())
        {
            var value = hits.Current;
            if (value.Is("__REDACTED__"u8) || value.Is("null"u8)) continue;
            var json = hits.Json;
            if (json.Form == JsonForm.Null || (json.Form is JsonForm.Array && !json.Items.MoveNext()) || (json.Form == JsonForm.Object && !json.Properties.MoveNext())) continue;
            if (json.Form is JsonForm.Text && json.Raw.IsEmpty) continue;
            return new Captured(value, json, MessageSources.IsHistory(hits.Rule));
        }

        return default;
    }

    /// <summary>Where the messages of one side stand in what was captured.</summary>
    public static List<MessagePlace> Messages(SpanFacts facts, Captured captured, bool output)
    {
        var places = facts.Space.Messages;
        MessageList.Of(captured.Json, output && !captured.IsHistory, places);
        if (captured.IsHistory) Split(captured.Json, output, places);
        return places;
    }

    // What follows the last thing the model was told is its answer.
    private static void Split(JsonView json, bool output, List<MessagePlace> places)
    {
        var answer = places.Count;
        while (answer > 0 && MessageParts.Role(json.At(places[answer - 1].Position), places[answer - 1].Role) == "assistant") answer--;
        if (output) places.RemoveRange(0, answer);
        else places.RemoveRange(answer, places.Count - answer);
    }
}
