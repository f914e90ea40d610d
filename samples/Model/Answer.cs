using System.Globalization;
using System.Text.Json.Nodes;

namespace Samples.Model;

/// <summary>What the pretended model says to a question, as OpenAI's Chat Completions writes it. A token is a word.</summary>
internal sealed class Answer(string model, string question)
{
    private readonly string id = string.Create(CultureInfo.InvariantCulture, $"chatcmpl-{Guid.CreateVersion7():N}");
    private readonly string[] words = $"You said: {question.Trim()}".Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public JsonObject Whole()
    {
        var whole = Envelope("chat.completion");
        whole["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = string.Join(' ', words) },
            ["finish_reason"] = "stop",
        });
        whole["usage"] = Usage();
        return whole;
    }

    public IEnumerable<JsonObject> Chunks()
    {
        for (var i = 0; i < words.Length; i++) yield return Chunk(new JsonObject { ["role"] = "assistant", ["content"] = i == 0 ? words[i] : " " + words[i] }, null);
        yield return Chunk(new JsonObject(), "stop");
        var last = Envelope("chat.completion.chunk");
        last["choices"] = new JsonArray();
        last["usage"] = Usage();
        yield return last;
    }

    private JsonObject Chunk(JsonObject delta, string? finish)
    {
        var chunk = Envelope("chat.completion.chunk");
        chunk["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish });
        return chunk;
    }

    private JsonObject Envelope(string type) => new() { ["id"] = id, ["object"] = type, ["created"] = 1_789_000_000, ["model"] = model };

    private JsonObject Usage()
    {
        var asked = question.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        return new JsonObject { ["prompt_tokens"] = asked, ["completion_tokens"] = words.Length, ["total_tokens"] = asked + words.Length };
    }
}
