using Callwatch.Spans;

namespace Callwatch.Dashboard.SpanView;

/// <summary>Which messages of a call are of this turn, and which were only sent along again.</summary>
public static class ChatHistory
{
    /// <summary>
    /// How many messages from the start stand before this turn: everything up to the last answer of the model that asked for no tool.
    /// Tool calls and their results belong to the turn that is under way. Instructions at the very top are not history.
    /// </summary>
    public static (int First, int Count) Earlier(IReadOnlyList<ChatMessage> messages)
    {
        var first = 0;
        while (first < messages.Count && IsInstruction(messages[first])) first++;
        var last = messages.Count - 1;
        while (last >= first && !EndsATurn(messages[last])) last--;
        return last < messages.Count - 1 ? (first, Math.Max(0, last - first + 1)) : (first, 0);
    }

    public static bool IsInstruction(ChatMessage message) => message.Role is "system" or "developer";

    private static bool EndsATurn(ChatMessage message) =>
        message.Role is "assistant" or "model" or "ai" && message.Parts.All(part => part.Type != "tool_call");
}
