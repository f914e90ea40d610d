using Callwatch.Spans;

namespace Callwatch.Tests.Normalize.Messages;

/// <summary>Messages as one line each, so that a test reads like the conversation.</summary>
internal static class Talk
{
    public static IEnumerable<string> Lines(IEnumerable<ChatMessage> messages) => messages.Select(Line);

    private static string Line(ChatMessage message) =>
        message.Role + ": " + string.Join(" | ", message.Parts.Select(Part)) + (message.FinishReason is null ? "" : " [" + message.FinishReason + "]");

    private static string Part(MessagePart part) => part.Type switch
    {
        "text" => part.Text!,
        "reasoning" => "(" + part.Text + ")",
        "tool_call" => part.Name + "(" + part.Arguments?.ToJsonString() + ")#" + part.Id,
        "tool_result" => "#" + part.Id + "=" + part.Result?.ToJsonString(),
        "image" or "audio" or "file" => "<" + part.Type + " " + (part.Uri ?? part.SizeBytes + "B") + " " + part.MimeType + ">",
        _ => "?" + part.Raw?.ToJsonString(),
    };
}
