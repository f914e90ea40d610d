using Callwatch.Spans;

namespace Callwatch.Dashboard.SpanView;

/// <summary>Which messages of a call are of this turn, and which were only sent along again.</summary>
public static class ChatHistory
{
    private const int FirstShown = 10, LastShown = 50;

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

    /// <summary>
    /// The places of a stretch that a page shows: all of a few, else the first ones and, mostly of more use, the last.
    /// <c>Left</c> is how many were left out just before.
    /// </summary>
    public static IEnumerable<(int Place, int Left)> Shown(int from, int to)
    {
        var left = Math.Max(0, to - from - FirstShown - LastShown);
        for (var place = from; place < to; place++)
        {
            var jumps = left > 0 && place == from + FirstShown;
            if (jumps) place += left;
            yield return (place, jumps ? left : 0);
        }
    }

    public static bool IsInstruction(ChatMessage message) => message.Role is "system" or "developer";

    private static bool EndsATurn(ChatMessage message) =>
        message.Role is "assistant" or "model" or "ai" && message.Parts.All(part => part.Type != "tool_call");
}
