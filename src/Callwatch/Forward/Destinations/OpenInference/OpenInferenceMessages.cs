using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;
using static Callwatch.Forward.Destinations.OpenInference.OpenInferenceAttributes;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>Chat messages, flattened.</summary>
internal static class OpenInferenceMessages
{
    // What the conventions have for content that is not shown; media of some size are not sent along either.
    private const string Hidden = "__REDACTED__";

    public static void Add(OutboundAttributes attributes, SpanToSend span)
    {
        AddAll(attributes, "llm.input_messages", span.Content.InputMessages);
        AddAll(attributes, "llm.output_messages", span.Content.OutputMessages);
    }

    private static void AddAll(OutboundAttributes attributes, string prefix, IReadOnlyList<ChatMessage> messages)
    {
        var index = 0;
        foreach (var message in messages)
        {
            // Each answer of a tool is a message of its own there, whatever message it came in.
            var results = message.Parts.Where(part => part.Type == "tool_result").ToList();
            foreach (var result in results) AddResult(attributes, Indexed(prefix, index++, "message"), result);
            if (results.Count == 0 || results.Count < message.Parts.Count) AddMessage(attributes, Indexed(prefix, index++, "message"), message);
        }
    }

    private static void AddResult(OutboundAttributes attributes, string at, MessagePart result) => attributes
        .Add(at + ".role", "tool")
        .Add(at + ".content", OutboundAttributes.TextOf(result.Result) ?? result.Text)
        .Add(at + ".tool_call_id", result.Id)
        .Add(at + ".name", result.Name);

    private static void AddMessage(OutboundAttributes attributes, string at, ChatMessage message)
    {
        // The conventions know six roles; what is none of them was said by whoever used the application.
        attributes.Add(at + ".role", message.Role is "system" or "user" or "assistant" or "tool" or "function" or "developer" ? message.Role : "user");
        var shown = message.Parts.Where(part => part.Type is not ("tool_call" or "tool_result")).ToList();
        if (shown.TrueForAll(part => part.Type == "text")) attributes.Add(at + ".content", shown.Count == 0 ? null : string.Join("\n", shown.Select(part => part.Text)));
        else for (var m = 0; m < shown.Count; m++) AddPart(attributes, Indexed(at + ".contents", m, "message_content"), shown[m]);
        var k = 0;
        foreach (var call in message.Parts.Where(part => part.Type == "tool_call"))
        {
            var toolCall = Indexed(at + ".tool_calls", k++, "tool_call");
            attributes.Add(toolCall + ".id", call.Id);
            attributes.Add(toolCall + ".function.name", call.Name ?? "unknown");
            attributes.Add(toolCall + ".function.arguments", WorkFacts.JsonText(call.Arguments));
        }
    }

    private static void AddPart(OutboundAttributes attributes, string at, MessagePart part)
    {
        attributes.Add(at + ".type", part.Type is "image" or "audio" or "reasoning" ? part.Type : "text");
        switch (part.Type)
        {
            case "image":
                attributes.Add(at + ".image.image.url", part.Uri ?? Hidden);
                break;
            case "audio":
                attributes.Add(at + ".audio.audio.url", part.Uri ?? Hidden);
                break;
            default:
                attributes.Add(at + ".text", part.Text ?? part.Uri ?? OutboundAttributes.TextOf(part.Raw) ?? Hidden);
                break;
        }
    }
}
