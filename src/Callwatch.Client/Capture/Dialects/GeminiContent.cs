using System.Text.Json;

namespace Callwatch.Client.Capture.Dialects;

/// <summary>generateContent and streamGenerateContent (Gemini API v1beta, also of Vertex AI). Its output tokens leave thoughts out; here they are within.</summary>
internal sealed class GeminiContent : Dialect
{
    public static readonly GeminiContent One = new();

    public override void ReadRequest(JsonElement request, CallFacts facts, bool messages)
    {
        var config = request.Get("generationConfig");
        facts.Temperature = config.Number("temperature");
        facts.TopP = config.Number("topP");
        facts.MaxTokens = config.Count("maxOutputTokens");
        facts.OutputType = config.Text("responseMimeType") == "application/json" ? "json" : null;
        if (!messages) return;
        facts.InputMessages = MessageJson.OfGemini(request.Get("contents"));
        facts.SystemInstructions = MessageJson.Parts(request.Get("systemInstruction").Is(JsonValueKind.Undefined) ? request.Get("system_instruction") : request.Get("systemInstruction"));
        facts.ToolDefinitions = Tools(request);
    }

    public override void ReadAnswer(JsonElement answer, CallFacts facts, bool messages)
    {
        // A stream without SSE is a list of the same pieces.
        if (answer.Is(JsonValueKind.Array))
        {
            foreach (var piece in answer.Items()) ReadEvent(piece, facts, messages);
            return;
        }

        Head(answer, facts);
        if (messages) facts.OutputMessages = MessageJson.GeminiAnswers(answer.Get("candidates"));
        if (answer.Get("embedding").Get("values") is { ValueKind: JsonValueKind.Array } vector) facts.Dimensions = vector.GetArrayLength();
    }

    public override bool ReadEvent(JsonElement data, CallFacts facts, bool messages)
    {
        Head(data, facts);
        if (data.Get("error").Is(JsonValueKind.Object)) ReadError(data, facts);
        var said = false;
        foreach (var part in data.Get("candidates").Items().FirstOrDefault().Get("content").Get("parts").Items())
        {
            said = true;
            if (!messages) continue;
            if (part.Flag("thought") == true) facts.Thought(part.Text("text"));
            else facts.Said(part.Text("text"));
            if (part.Get("functionCall") is not { ValueKind: JsonValueKind.Object } call) continue;
            var tool = facts.Tool(facts.Tools.Count);
            (tool.Id, tool.Name) = (call.Text("id"), call.Text("name"));
            if (call.Get("args") is { ValueKind: JsonValueKind.Object } arguments) tool.Arguments.Append(arguments.GetRawText());
        }

        return said;
    }

    private static void Head(JsonElement answer, CallFacts facts)
    {
        facts.ResponseModel = answer.Text("modelVersion") ?? facts.ResponseModel;
        facts.ResponseId = answer.Text("responseId") ?? facts.ResponseId;
        foreach (var candidate in answer.Get("candidates").Items()) facts.Finished(candidate.Text("finishReason"));
        var usage = answer.Get("usageMetadata");
        if (!usage.Is(JsonValueKind.Object)) return;
        facts.InputTokens = usage.Count("promptTokenCount") ?? facts.InputTokens;
        facts.CacheReadTokens = usage.Count("cachedContentTokenCount") ?? facts.CacheReadTokens;
        facts.ReasoningTokens = usage.Count("thoughtsTokenCount") ?? facts.ReasoningTokens;
        if (usage.Count("candidatesTokenCount") is { } output) facts.OutputTokens = output + (facts.ReasoningTokens ?? 0);
    }
}
