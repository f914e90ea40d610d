using System.Text.Json;

namespace Callwatch.Client.Capture.Dialects;

/// <summary>One provider's way of asking and answering. Whatever arrives, nothing here may throw for its shape.</summary>
internal abstract class Dialect
{
    /// <summary>What the request says.</summary>
    /// <param name="messages">Whether contents are wanted.</param>
    public abstract void ReadRequest(JsonElement request, CallFacts facts, bool messages);

    /// <summary>An answer that came whole.</summary>
    public abstract void ReadAnswer(JsonElement answer, CallFacts facts, bool messages);

    /// <summary>One event of a stream; true when the model said something with it.</summary>
    public virtual bool ReadEvent(JsonElement data, CallFacts facts, bool messages) => false;

    /// <summary>Why the provider refused; most write <c>{"error": {"type", "code", "message"}}</c>.</summary>
    public virtual void ReadError(JsonElement answer, CallFacts facts)
    {
        // Gemini answers streams with a list of one.
        if (answer.Is(JsonValueKind.Array)) answer = answer.Items().FirstOrDefault();
        var error = answer.Get("error");
        if (error.Is(JsonValueKind.String))
        {
            facts.ErrorMessage ??= error.GetString();
            return;
        }

        // vLLM used to write the error without the object around it.
        facts.ErrorType ??= error.Text("code") ?? error.Text("type") ?? error.Text("status") ?? answer.Text("type");
        facts.ErrorMessage ??= error.Text("message") ?? answer.Text("message");
    }

    protected static void ReadSampling(JsonElement request, CallFacts facts)
    {
        facts.RequestModel = request.Text("model") ?? facts.RequestModel;
        facts.Streaming ??= request.Flag("stream");
        facts.Temperature = request.Number("temperature");
        facts.TopP = request.Number("top_p");
        facts.MaxTokens = request.Count("max_completion_tokens") ?? request.Count("max_output_tokens") ?? request.Count("max_tokens");
        facts.Seed = request.Get("seed") is { ValueKind: JsonValueKind.Number } seed && seed.TryGetInt64(out var whole) ? whole : null;
        facts.ReasoningEffort = request.Text("reasoning_effort") ?? request.Get("reasoning").Text("effort");
        var stop = request.Get("stop").Is(JsonValueKind.Undefined) ? request.Get("stop_sequences") : request.Get("stop");
        string[] words = stop.AsText() is { } one ? [one] : [.. stop.Items().Select(item => item.AsText()).OfType<string>()];
        facts.StopSequences = words.Length == 0 ? null : words;
    }

    protected static string? Tools(JsonElement request) => request.Get("tools") is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0 ? tools.GetRawText() : null;
}
