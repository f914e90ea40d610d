using System.Text.Json;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// The gateway of Alibaba Cloud's Managed Service for OpenTelemetry: OTLP in protobuf at an address with the license key in it, spans by the LLM trace field definitions. What they do
/// not allow is refused here, for the platform would take it and show it elsewhere or not at all.
/// </summary>
public sealed class AliyunStandIn : OtlpStandIn
{
    public const string LicenseKey = "abc123@53df7ad2afe8301";

    private static readonly string[] Kinds = ["LLM", "EMBEDDING", "RETRIEVER", "RERANKER", "TOOL", "AGENT", "CHAIN", "TASK", "STEP", "ENTRY"];
    private static readonly string[] Integers =
    [
        "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.total_tokens", "gen_ai.user.time_to_first_token", "gen_ai.response.time_to_first_token", "gen_ai.react.round",
    ];

    private static readonly string[] Texts = ["gen_ai.session.id", "gen_ai.user.id", "gen_ai.framework", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.tool.name", "gen_ai.agent.name"];

    public AliyunStandIn()
    {
        Path = $"/adapt_{Uri.EscapeDataString(LicenseKey)}/api/otlp/traces";
        Types = ["application/x-protobuf"];
    }

    protected override WireAnswer Answer(WireRequest request)
    {
        // The gateway answers every method but POST so: the reference system takes that for a good check.
        if (request.Method == "HEAD" && request.Path.StartsWith("/adapt_", StringComparison.Ordinal)) return new WireAnswer(405, []);
        return request.Path.StartsWith("/adapt_", StringComparison.Ordinal) && Unescaped(request.Path) != Unescaped(Path)
            ? new WireAnswer(403, "token is invalid") : base.Answer(request with { Path = Unescaped(request.Path) == Unescaped(Path) ? Path : request.Path });
    }

    protected override void Check(IReadOnlyList<WireSpan> request)
    {
        base.Check(request);
        foreach (var span in request)
        {
            if (span.Resource.Find("acs.arms.service.feature") as string != "genai_app") throw new WireException("resource: acs.arms.service.feature is not genai_app");
            CheckSpan(span);
        }
    }

    private static string Unescaped(string path) => Uri.UnescapeDataString(path);

    private static void CheckSpan(WireSpan span)
    {
        var kind = span.Text("gen_ai.span.kind") ?? throw new WireException("gen_ai.span.kind is missing");
        if (!Kinds.Contains(kind, StringComparer.Ordinal)) throw new WireException($"gen_ai.span.kind {kind} is none");
        if (span.Text("gen_ai.operation.name") is null) throw new WireException("gen_ai.operation.name is missing");
        if (span.Text("gen_ai.framework") is null) throw new WireException("gen_ai.framework is missing");
        if (kind == "STEP" && !span.Attributes.Has("gen_ai.react.round")) throw new WireException("gen_ai.react.round is missing");
        if (kind is "LLM" or "EMBEDDING" && span.Text("gen_ai.request.model") is null) throw new WireException("gen_ai.request.model is missing");
        if (kind == "TOOL" && span.Text("gen_ai.tool.name") is null) throw new WireException("gen_ai.tool.name is missing");
        if (kind == "AGENT" && span.Text("gen_ai.agent.name") is null) throw new WireException("gen_ai.agent.name is missing");
        if (span.ParentSpanId.IsNone && span.Kind == 1) throw new WireException("the root is of OTLP's kind internal");
        foreach (var (key, value) in span.Attributes.All) CheckValue(key, value);
        if (span.StatusCode == 2 && (string.IsNullOrEmpty(span.StatusMessage) || span.Events.All(item => item.Name != "exception"))) throw new WireException("an error without message or exception event");
    }

    private static void CheckValue(string key, object value)
    {
        if (Integers.Contains(key, StringComparer.Ordinal) && value is not long) throw new WireException($"{key} is no integer");
        if (Texts.Contains(key, StringComparer.Ordinal) && value is not string { Length: > 0 }) throw new WireException($"{key} is empty, or no text");
        if (key is "gen_ai.session.id" or "gen_ai.user.id" && value is "None") throw new WireException($"{key} is the word None");
        if (key is "input.value" or "output.value" && value is not string) throw new WireException($"{key} is no text");
        if (key == "gen_ai.response.finish_reasons" && value is not List<object>) throw new WireException($"{key} is no list");
        if (key == "gen_ai.tool.type" && value is not ("function" or "extension" or "datastore")) throw new WireException($"{key} is none");
        if (key is "gen_ai.input.messages" or "gen_ai.output.messages") CheckMessages(key, value as string);
        if (key is "gen_ai.tool.definitions" or "retrieval.document" or "gen_ai.retrieval.documents" && Json(value as string) is not { ValueKind: JsonValueKind.Array }) throw new WireException($"{key} holds no JSON list");
    }

    private static void CheckMessages(string key, string? text)
    {
        if (Json(text) is not { ValueKind: JsonValueKind.Array } messages) throw new WireException($"{key} holds no JSON list");
        foreach (var message in messages.EnumerateArray())
        {
            if (!message.TryGetProperty("role", out _) || !message.TryGetProperty("parts", out var parts) || parts.ValueKind != JsonValueKind.Array) throw new WireException($"{key}: a message without role or parts");
            foreach (var part in parts.EnumerateArray())
            {
                var type = part.TryGetProperty("type", out var given) ? given.GetString() : null;
                string[]? needed = type switch
                {
                    "text" or "reasoning" => ["content"],
                    "tool_call" => ["name"],
                    "tool_call_response" => ["result"],
                    "uri" => ["modality", "uri"],
                    _ => throw new WireException($"{key}: {type} is no type of a part"),
                };
                if (needed.Any(name => !part.TryGetProperty(name, out _))) throw new WireException($"{key}: a part of type {type} without {string.Join(" or ", needed)}");
            }
        }
    }

    private static JsonElement? Json(string? text)
    {
        try
        {
            return text is null ? null : JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
