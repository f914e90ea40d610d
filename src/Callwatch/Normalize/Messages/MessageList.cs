using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>A message found in a JSON text: where it stands, and the role it has by its place when it names none.</summary>
internal readonly record struct MessagePlace(int Position, string Role);

/// <summary>
/// Finds the messages in whatever shape a conversation was written: lists of messages, requests and responses of the providers,
/// states of frameworks. Knows only where they stand; <see cref="MessageParts"/> knows what is in one.
/// </summary>
internal static class MessageList
{
    // More than any conversation has; a hostile one ends here.
    private const int Most = 10_000;

    public static void Of(JsonView root, bool output, List<MessagePlace> into)
    {
        into.Clear();
        if (output) Output(root, into, 0);
        else Input(root, into, 0);
    }

    private static void Input(JsonView root, List<MessagePlace> into, int depth)
    {
        if (depth > 4) return;
        switch (root.Form)
        {
            case JsonForm.Text: Add(root, "user", into); break;
            case JsonForm.Array: Items(root, "user", into, depth); break;
            case JsonForm.Object:
                if (!root["role"u8].IsAbsent || root["kwargs"u8].Form == JsonForm.Object || !root["event.name"u8].IsAbsent)
                {
                    Add(root, "user", into);
                    break;
                }

                var system = root.First("system"u8, "instructions"u8, "systemInstruction"u8);
                if (system.IsAbsent) system = root.First("system_instruction"u8, "system_prompt"u8);
                if (system.IsAbsent) system = root["config"u8].First("system_instruction"u8, "systemInstruction"u8);
                if (!system.IsAbsent) Add(system, "system", into);
                var messages = root.First("messages"u8, "contents"u8, "chat_history"u8);
                if (messages.IsAbsent) messages = root.First("input"u8, "inputs"u8, "prompt"u8);
                if (messages.IsAbsent) messages = root.First("question"u8, "query"u8, "text"u8);
                Input(messages, into, depth + 1);
                break;
        }
    }

    private static void Output(JsonView root, List<MessagePlace> into, int depth)
    {
        if (depth > 4) return;
        switch (root.Form)
        {
            case JsonForm.Text: Add(root, "assistant", into); break;
            case JsonForm.Array: Items(root, "assistant", into, depth); break;
            case JsonForm.Object:
                if (root["choices"u8] is { Form: JsonForm.Array } choices) Items(choices, "assistant", into, depth);
                else if (root["candidates"u8] is { Form: JsonForm.Array } candidates) Items(candidates, "assistant", into, depth);
                else if (root["generations"u8] is { Form: JsonForm.Array } generations) Items(generations, "assistant", into, depth);
                else if (IsMessage(root)) Add(root, "assistant", into);
                else if (root["messages"u8] is { Form: JsonForm.Array } state) Last(state, into);
                else Output(First(root), into, depth + 1);
                break;
        }
    }

    // What frameworks call their answer when they return a state of their own.
    private static JsonView First(JsonView root)
    {
        var answer = root.First("output"u8, "outputs"u8, "answer"u8);
        if (answer.IsAbsent) answer = root.First("response"u8, "result"u8, "generated_text"u8);
        return answer.IsAbsent ? root.First("completion"u8, "final_result"u8) : answer;
    }

    private static bool IsMessage(JsonView root) =>
        !root["role"u8].IsAbsent || root["message"u8].Form == JsonForm.Object || root["kwargs"u8].Form == JsonForm.Object || !root["tool_calls"u8].IsAbsent
        || root["content"u8].Form is JsonForm.Array or JsonForm.Text || root["content"u8]["parts"u8].Form == JsonForm.Array || root["text"u8].Form == JsonForm.Text || root["parts"u8].Form == JsonForm.Array;

    // The state of a graph ends with the answer.
    private static void Last(JsonView messages, List<MessagePlace> into)
    {
        var last = -1;
        foreach (var item in messages.Items) last = item.Value.Position;
        if (last >= 0) Add(messages.At(last), "assistant", into);
    }

    private static void Items(JsonView array, string role, List<MessagePlace> into, int depth)
    {
        if (MessageParts.IsPartList(array))
        {
            Add(array, role, into);
            return;
        }

        foreach (var item in array.Items)
        {
            // Batches of LangChain: a list of conversations.
            if (item.Value.Form == JsonForm.Array && depth < 3) Items(item.Value, role, into, depth + 1);
            else Add(item.Value, role, into);
        }
    }

    private static void Add(JsonView message, string role, List<MessagePlace> into)
    {
        if (!message.IsAbsent && into.Count < Most) into.Add(new MessagePlace(message.Position, role));
    }
}
