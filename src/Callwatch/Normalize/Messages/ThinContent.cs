using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>
/// What a thin row keeps of the bodies: the first words of the newest user message and of the answer, whether anything was captured,
/// the tools the model asked for, how the answer ended. Nothing else of the messages is read.
/// </summary>
internal struct ThinContent
{
    private const int MostFinishReasons = 100;

    public string? Input;
    public string? Output;
    public bool IsCaptured;
    public List<ToolCallRef>? ToolCalls;
    public List<string>? FinishReasons;

    public static ThinContent Of(SpanFacts facts, SpanKind kind)
    {
        var thin = default(ThinContent);
        if (!Conversation.IsPossible(facts) && !facts.Mentions(ToolFields.Arguments) && !facts.Mentions(ToolFields.Result) && !facts.Mentions(RetrievalFields.Query)) return thin;
        switch (kind)
        {
            case SpanKind.Tool:
                thin.Plain(facts, ToolFields.Arguments, ToolFields.Result);
                break;
            case SpanKind.Retrieval or SpanKind.Rerank:
                thin.Plain(facts, RetrievalFields.Query, RetrievalFields.DocumentsBefore);
                if (thin.Output is null) thin.ReadOutput(facts);
                break;
            default:
                thin.ReadInput(facts, kind);
                if (kind != SpanKind.Embedding) thin.ReadOutput(facts);
                break;
        }

        return thin;
    }

    private void Plain(SpanFacts facts, FieldRules input, FieldRules output)
    {
        var given = Conversation.First(facts, input);
        var back = Conversation.First(facts, output);
        IsCaptured = given.IsThere || back.IsThere;
        Input = Preview.Of(given.Value, facts);
        Output = Preview.Of(back.Value, facts);
        if (given.IsThere || back.IsThere) return;
        ReadInput(facts, SpanKind.Tool);
        ReadOutput(facts);
    }

    private void ReadInput(SpanFacts facts, SpanKind kind)
    {
        if (Conversation.First(facts, MessageSources.InputMessages) is { IsThere: false } && IndexedMessages.InputFamily(facts) is not Family.None and var family
            && IndexedThin.NewestUserText(facts, family) is { IsAbsent: false } indexed)
        {
            Input = Preview.Of(indexed, facts);
            IsCaptured = true;
            return;
        }

        var captured = Conversation.Input(facts);
        if (!captured.IsThere) return;
        if (captured.Json.Form is not (JsonForm.Array or JsonForm.Object))
        {
            Input = Preview.Of(captured.Value, facts);
            IsCaptured |= Input is not null;
            return;
        }

        var places = Conversation.Messages(facts, captured, output: false);
        var text = kind == SpanKind.Embedding ? FirstText(captured.Json, places, 0) : NewestUserText(captured.Json, places);

        // The AI SDK writes each text to embed as JSON.
        if (kind == SpanKind.Embedding && text.Escaped && text.Raw is [(byte)'\\', (byte)'"', .., (byte)'\\', (byte)'"'])
        {
            Input = Preview.Of(text.Raw[2..^2], escaped: true);
            IsCaptured = true;
            return;
        }

        Input = text.IsAbsent ? places.Count == 0 ? Preview.Of(captured.Json) : null : Preview.Of(text);
        IsCaptured |= Input is not null || SaysSomething(captured.Json, places);
    }

    private static bool SaysSomething(JsonView json, List<MessagePlace> places)
    {
        foreach (var place in places)
            if (ThinMessage.SaysSomething(json.At(place.Position))) return true;
        return false;
    }

    private void ReadOutput(SpanFacts facts)
    {
        if (facts.Mentions(MessageSources.AiResponse) && Conversation.First(facts, MessageSources.OutputMessages) is { IsThere: false })
        {
            ReadAiResponse(facts);
            if (Output is not null || ToolCalls is not null) return;
        }

        var captured = Conversation.Output(facts);
        if (!captured.IsThere) return;
        if (captured.Json.Form is not (JsonForm.Array or JsonForm.Object))
        {
            Output = Preview.Of(captured.Value, facts);
            IsCaptured |= Output is not null;
            return;
        }

        var places = Conversation.Messages(facts, captured, output: true);
        foreach (var place in places)
        {
            var message = captured.Json.At(place.Position);
            if (Output is null && ThinMessage.FirstText(message) is { IsAbsent: false } text) Output = Preview.Of(text);
            ThinMessage.Calls(message, ref ToolCalls, facts.Space.Words);
            if (MessageParts.FinishReason(message) is { IsAbsent: false } reason) (FinishReasons ??= []).Add(facts.Space.Words.Get(reason.Raw));
            if (FinishReasons?.Count >= MostFinishReasons) break;
        }

        if (places.Count == 0) Output = Preview.Of(captured.Json);
        IsCaptured |= Output is not null || ToolCalls is not null;
        if (Output is null && ToolCalls is [var first, ..]) Output = Preview.Of(first.Name + "(…)");
    }

    private void ReadAiResponse(SpanFacts facts)
    {
        var text = Conversation.First(facts, MessageSources.AiText);
        if (!text.IsThere) text = Conversation.First(facts, MessageSources.AiObject);
        Output = text.IsThere ? Preview.Of(text.Value, facts) : null;
        foreach (var call in Conversation.First(facts, MessageSources.AiToolCalls).Json.Items) ThinMessage.Call(call.Value, ref ToolCalls, facts.Space.Words);
        IsCaptured |= text.IsThere || ToolCalls is not null || Conversation.First(facts, MessageSources.AiReasoning).IsThere;
        if (Output is null && ToolCalls is [var first, ..]) Output = Preview.Of(first.Name + "(…)");
    }

    private static JsonView NewestUserText(JsonView json, List<MessagePlace> places)
    {
        for (var i = places.Count - 1; i >= 0; i--)
        {
            var message = json.At(places[i].Position);
            if (MessageParts.Role(message, places[i].Role) == "user" && ThinMessage.FirstText(message) is { IsAbsent: false } text) return text;
        }

        return FirstText(json, places, places.Count - 1);
    }

    private static JsonView FirstText(JsonView json, List<MessagePlace> places, int index) =>
        index >= 0 && index < places.Count ? ThinMessage.FirstText(json.At(places[index].Position)) : default;
}
