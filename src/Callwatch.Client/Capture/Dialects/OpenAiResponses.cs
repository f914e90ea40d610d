using System.Text.Json;

namespace Callwatch.Client.Capture.Dialects;

/// <summary>Responses (OpenAI API, November 2026).</summary>
internal sealed class OpenAiResponses : Dialect
{
    public static readonly OpenAiResponses One = new();

    public override void ReadRequest(JsonElement request, CallFacts facts, bool messages)
    {
        ReadSampling(request, facts);
        if (!messages) return;
        facts.InputMessages = MessageJson.Of(request.Get("input"));
        facts.SystemInstructions = MessageJson.Parts(request.Get("instructions"));
        facts.ToolDefinitions = Tools(request);
    }

    public override void ReadAnswer(JsonElement answer, CallFacts facts, bool messages)
    {
        OpenAiChat.Head(answer, facts);
        facts.Finished(answer.Get("incomplete_details").Text("reason") ?? answer.Text("status"));
        if (answer.Get("error").Is(JsonValueKind.Object)) ReadError(answer, facts);
        if (messages) facts.OutputMessages = MessageJson.Answers(answer.Get("output").Items().Select(item => (item, (string?)null)));
    }

    public override bool ReadEvent(JsonElement data, CallFacts facts, bool messages)
    {
        switch (data.Text("type"))
        {
            case "response.output_text.delta" or "response.refusal.delta":
                if (messages) facts.Said(data.Text("delta"));
                return true;
            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                if (messages) facts.Thought(data.Text("delta"));
                return true;
            case "response.function_call_arguments.delta":
                return true;
            case "response.completed" or "response.incomplete" or "response.failed":
                ReadAnswer(data.Get("response"), facts, messages);
                facts.IsComplete = true;
                return false;
            case "error":
                facts.ErrorType ??= data.Text("code") ?? "error";
                facts.ErrorMessage ??= data.Text("message");
                return false;
            default:
                facts.ResponseId ??= data.Get("response").Text("id");
                facts.ResponseModel ??= data.Get("response").Text("model");
                return false;
        }
    }
}
