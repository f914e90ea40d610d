using System.Text.Json;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// What a span in OpenInference's names must be so that the screens made for them show it (openinference, semantic_conventions.md). The receivers take any span;
/// what breaks a rule is simply not to be seen there, which is why it counts as a fault here.
/// </summary>
internal static class OpenInferenceRules
{
    private static readonly string[] Kinds = ["LLM", "EMBEDDING", "CHAIN", "RETRIEVER", "RERANKER", "TOOL", "AGENT", "GUARDRAIL", "EVALUATOR", "PROMPT"];
    private static readonly string[] Roles = ["system", "user", "assistant", "tool", "function", "developer"];
    private static readonly string[] JsonObjects = ["metadata", "llm.invocation_parameters", "embedding.invocation_parameters", "tool.parameters", "llm.prompt_template.variables"];

    // A list and how its first member is called.
    private static readonly (string List, string Member)[] Lists =
    [
        ("llm.input_messages", "message."), ("llm.output_messages", "message."), ("llm.tools", "tool.json_schema"), ("llm.prompts", "prompt.text"), ("llm.choices", "completion.text"),
        ("embedding.embeddings", "embedding."), ("retrieval.documents", "document."), ("reranker.output_documents", "document."), ("reranker.input_documents", "document."),
        ("annotations", "annotation."), ("evaluations", "evaluation."),
    ];

    /// <exception cref="WireException">The first rule that is broken.</exception>
    public static void Check(WireSpan span)
    {
        var kind = span.Text("openinference.span.kind") ?? throw new WireException("openinference.span.kind is missing");
        if (!Kinds.Contains(kind, StringComparer.Ordinal)) throw new WireException($"openinference.span.kind {kind} is none");
        foreach (var (key, value) in span.Attributes.All) CheckValue(key, value);
        foreach (var side in (string[])["input", "output"]) CheckBody(span, side);
        foreach (var (list, member) in Lists) CheckList(span, list, member);
        CheckKind(span, kind);
        CheckError(span);
    }

    private static void CheckValue(string key, object value)
    {
        if (value is WireAttributes or byte[]) throw new WireException($"{key} is a map or bytes");
        if (value is List<object> list && list.Exists(item => item is not (string or bool or long or double))) throw new WireException($"{key} is a list of lists");
        if (key is "session.id" or "user.id" && value is not string { Length: > 0 }) throw new WireException($"{key} is empty, or no text");
        if (key.StartsWith("llm.token_count.", StringComparison.Ordinal) && value is not long) throw new WireException($"{key} is no integer");
        if (key.StartsWith("llm.cost.", StringComparison.Ordinal) && value is not double) throw new WireException($"{key} is no double");
        if (key.EndsWith("document.score", StringComparison.Ordinal) && value is not double) throw new WireException($"{key} is no double");
        if (key == "tag.tags" && value is not List<object>) throw new WireException("tag.tags is no list of texts");
        if ((JsonObjects.Contains(key, StringComparer.Ordinal) || key.EndsWith("document.metadata", StringComparison.Ordinal)) && !IsJson(value, JsonValueKind.Object)) throw new WireException($"{key} holds no JSON object");
        if ((key.EndsWith("function.arguments", StringComparison.Ordinal) || key.EndsWith("tool.json_schema", StringComparison.Ordinal)) && !IsJson(value, JsonValueKind.Undefined)) throw new WireException($"{key} holds no JSON");
        if (key.EndsWith("message.role", StringComparison.Ordinal) && !Roles.Contains(value as string, StringComparer.Ordinal)) throw new WireException($"{key}: {value} is no role");
    }

    private static void CheckBody(WireSpan span, string side)
    {
        var mime = span.Text(side + ".mime_type");
        var body = span.Text(side + ".value");
        if (span.Attributes.Has(side + ".value") && body is null) throw new WireException($"{side}.value is no text");
        if (mime is not (null or "text/plain" or "application/json")) throw new WireException($"{side}.mime_type {mime} is none");
        if (mime == "application/json" && !IsJson(body, JsonValueKind.Undefined)) throw new WireException($"{side}.value is no JSON, as {side}.mime_type says");
        if (mime is not null && body is null) throw new WireException($"{side}.mime_type without {side}.value");
    }

    // Indexes are those of a list: from 0, without a gap.
    private static void CheckList(WireSpan span, string list, string member)
    {
        var indexes = new SortedSet<int>();
        foreach (var (key, _) in span.Attributes.All)
        {
            if (!key.StartsWith(list + ".", StringComparison.Ordinal)) continue;
            var rest = key[(list.Length + 1)..];
            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            if (dot < 1 || !int.TryParse(rest[..dot], out var index)) throw new WireException($"{key} has no index");
            if (!rest[(dot + 1)..].StartsWith(member, StringComparison.Ordinal)) throw new WireException($"{key} is no member of {list}");
            indexes.Add(index);
        }

        if (indexes.Count > 0 && indexes.Max != indexes.Count - 1) throw new WireException($"{list} has a gap");
        if (member != "message.") return;
        foreach (var index in indexes)
            if (!span.Attributes.Has($"{list}.{index}.message.role")) throw new WireException($"{list}.{index} has no role");
    }

    private static void CheckKind(WireSpan span, string kind)
    {
        if (kind is not ("LLM" or "EMBEDDING" or "AGENT") && span.Attributes.All.Any(pair => pair.Key.StartsWith("llm.token_count.", StringComparison.Ordinal)))
            throw new WireException("tokens on a span that is no model call");
        string? needed = kind switch
        {
            "LLM" => "llm.system",
            "EMBEDDING" => "embedding.model_name",
            "TOOL" => "tool.name",
            "AGENT" => "agent.name",
            _ => null,
        };
        if (needed is not null && span.Text(needed) is null) throw new WireException($"{needed} is missing");
        if (kind is "LLM" && span.Text("llm.model_name") is null) throw new WireException("llm.model_name is missing");
    }

    private static void CheckError(WireSpan span)
    {
        var exception = span.Events.FirstOrDefault(item => item.Name == "exception");
        if (span.StatusCode == 0) throw new WireException("the status is unset");
        if (span.StatusCode == 2 && string.IsNullOrEmpty(span.StatusMessage)) throw new WireException("an error without a message");
        if (span.StatusCode == 2 && exception is null) throw new WireException("an error without an exception event");
        if (exception is not null && (exception.Attributes.Find("exception.type") is not string || exception.Attributes.Find("exception.message") is not string)) throw new WireException("an exception without type or message");
    }

    private static bool IsJson(object? value, JsonValueKind kind)
    {
        if (value is not string text) return false;
        try
        {
            using var json = JsonDocument.Parse(text);
            return kind == JsonValueKind.Undefined || json.RootElement.ValueKind == kind;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
