using System.Text;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>What a span is (genai-attributes, section 3): the first row that yields a kind wins, a value no row knows goes on.</summary>
internal static class KindFields
{
    private static readonly FieldRules Own = [Attr("callwatch.kind")];
    private static readonly FieldRules Langfuse = [Attr("langfuse.observation.type")];
    private static readonly FieldRules LangfuseModel = [Attr("langfuse.observation.model.name")];
    private static readonly FieldRules OpenInference = [Attr("openinference.span.kind")];
    private static readonly FieldRules LangSmith = [Attr("langsmith.span.kind")];
    private static readonly FieldRules Mlflow = [InQuotes("mlflow.spanType")];
    private static readonly FieldRules AiOperation = [Attr("ai.operationId"), Attr("operation.name")];
    private static readonly FieldRules Traceloop = [Attr("traceloop.span.kind")];
    private static readonly FieldRules Operation = [Attr("gen_ai.operation.name")];
    private static readonly FieldRules SpanKindAttribute = [Attr("gen_ai.span.kind")];
    private static readonly FieldRules RequestType = [Attr("llm.request.type")];
    private static readonly FieldRules ToolName = [Attr("gen_ai.tool.name")];
    private static readonly FieldRules Genkit = [Attr("genkit:metadata:subtype")];
    private static readonly FieldRules Model = [Attr("gen_ai.request.model"), Attr("gen_ai.response.model"), Attr("llm.model_name")];
    private static readonly FieldRules Db = [Attr("db.system.name"), Attr("db.system")];
    private static readonly FieldRules Http = [Attr("http.request.method"), Attr("http.method")];
    private static readonly FieldRules Messaging = [Attr("messaging.system")];

    private static readonly FieldRules Any =
    [
        .. Own, .. Langfuse, .. OpenInference, .. LangSmith, .. Mlflow, .. AiOperation, .. Traceloop, .. Operation, .. SpanKindAttribute, .. RequestType,
        .. ToolName, .. Genkit, .. Model,
    ];

    private static readonly WordTable<SpanKind> LangfuseKinds = new(
        ("generation", SpanKind.Chat), ("embedding", SpanKind.Embedding), ("agent", SpanKind.Agent), ("tool", SpanKind.Tool), ("chain", SpanKind.Chain),
        ("retriever", SpanKind.Retrieval), ("guardrail", SpanKind.Guardrail), ("evaluator", SpanKind.Evaluator));

    private static readonly WordTable<SpanKind> OpenInferenceKinds = new(
        ("llm", SpanKind.Chat), ("embedding", SpanKind.Embedding), ("chain", SpanKind.Chain), ("retriever", SpanKind.Retrieval), ("reranker", SpanKind.Rerank),
        ("tool", SpanKind.Tool), ("agent", SpanKind.Agent), ("guardrail", SpanKind.Guardrail), ("evaluator", SpanKind.Evaluator), ("prompt", SpanKind.Prompt));

    private static readonly WordTable<SpanKind> LangSmithKinds = new(
        ("llm", SpanKind.Chat), ("chain", SpanKind.Chain), ("tool", SpanKind.Tool), ("retriever", SpanKind.Retrieval), ("embedding", SpanKind.Embedding),
        ("prompt", SpanKind.Prompt), ("parser", SpanKind.Chain));

    private static readonly WordTable<SpanKind> MlflowKinds = new(
        ("llm", SpanKind.Chat), ("chat_model", SpanKind.Chat), ("embedding", SpanKind.Embedding), ("retriever", SpanKind.Retrieval), ("reranker", SpanKind.Rerank),
        ("tool", SpanKind.Tool), ("agent", SpanKind.Agent), ("chain", SpanKind.Chain), ("parser", SpanKind.Chain));

    private static readonly WordTable<SpanKind> TraceloopKinds = new(
        ("workflow", SpanKind.Chain), ("task", SpanKind.Chain), ("agent", SpanKind.Agent), ("tool", SpanKind.Tool));

    private static readonly WordTable<SpanKind> Operations = new(
        ("chat", SpanKind.Chat), ("generate_content", SpanKind.Chat), ("chat.completions", SpanKind.Chat), ("generate", SpanKind.Chat),
        ("response", SpanKind.Chat), ("responses", SpanKind.Chat), ("realtime", SpanKind.Chat),
        ("text_completion", SpanKind.Completion), ("text.completions", SpanKind.Completion), ("completion", SpanKind.Completion),
        ("embeddings", SpanKind.Embedding), ("embedding", SpanKind.Embedding), ("retrieval", SpanKind.Retrieval), ("rerank", SpanKind.Rerank),
        ("image_generation", SpanKind.Image), ("speech", SpanKind.Speech), ("transcription", SpanKind.Transcription),
        ("execute_tool", SpanKind.Tool), ("invoke_agent", SpanKind.Agent), ("create_agent", SpanKind.Agent),
        ("invoke_workflow", SpanKind.Chain), ("plan", SpanKind.Chain), ("agent_step", SpanKind.Chain), ("orchestrate_tools", SpanKind.Chain), ("chain", SpanKind.Chain));

    private static readonly WordTable<SpanKind> AlibabaKinds = new([.. OpenInferenceKinds.Entries, ("task", SpanKind.Chain)]);

    private static readonly WordTable<SpanKind> RequestTypes = new(
        ("chat", SpanKind.Chat), ("completion", SpanKind.Completion), ("embedding", SpanKind.Embedding), ("rerank", SpanKind.Rerank));

    private static readonly WordTable<SpanKind> GenkitKinds = new(
        ("model", SpanKind.Chat), ("embedder", SpanKind.Embedding), ("tool", SpanKind.Tool), ("retriever", SpanKind.Retrieval), ("flow", SpanKind.Chain));

    private static readonly WordTable<SpanKind> All = new([.. SpanKinds.AllWords.Select(word => (word, SpanKinds.TryParse(word, out var kind) ? kind : SpanKind.Other))]);

    public static SpanKind Of(SpanFacts facts)
    {
        if (facts.Mentions(Any) && (Labelled(facts) ?? Described(facts)) is { } kind) return kind;
        if (facts.EventCount > 0 && TellsOfACall(facts)) return SpanKind.Chat;
        if (facts.Mentions(Model) && facts.Has(Model) && TokenFields.AnyCount(facts)) return SpanKind.Chat;
        if (facts.Has(Db)) return SpanKind.Db;
        if (facts.Has(Http)) return SpanKind.Http;
        return facts.Has(Messaging) ? SpanKind.Messaging : SpanKind.Other;
    }

    // Labels that somebody chose on purpose.
    private static SpanKind? Labelled(SpanFacts facts) =>
        In(facts, Own, All) ?? In(facts, Langfuse, LangfuseKinds) ?? OldLangfuse(facts) ?? In(facts, OpenInference, OpenInferenceKinds)
        ?? In(facts, LangSmith, LangSmithKinds) ?? In(facts, Mlflow, MlflowKinds) ?? OfAiSdk(facts) ?? In(facts, Traceloop, TraceloopKinds);

    // Names of operations and request types.
    private static SpanKind? Described(SpanFacts facts) =>
        In(facts, Operation, Operations) ?? OfMemory(facts) ?? In(facts, SpanKindAttribute, AlibabaKinds) ?? OfRequestType(facts)
        ?? In(facts, Genkit, GenkitKinds) ?? (facts.Has(ToolName) ? SpanKind.Tool : null);

    private static SpanKind? In(SpanFacts facts, FieldRules rules, WordTable<SpanKind> words)
    {
        if (!facts.Mentions(rules)) return null;
        foreach (var value in facts.All(rules))
            if (value.IsText && words.TryGet(value.Raw, out var kind)) return kind;
        return null;
    }

    // Old Python SDKs label generations "span".
    private static SpanKind? OldLangfuse(SpanFacts facts)
    {
        foreach (var type in facts.All(Langfuse))
            if (type.IsText && Ascii.EqualsIgnoreCase(type.Raw, "span"u8) && facts.Has(LangfuseModel)) return SpanKind.Chat;
        return null;
    }

    private static SpanKind? OfAiSdk(SpanFacts facts)
    {
        foreach (var value in facts.All(AiOperation))
        {
            if (!value.IsText || !value.Raw.StartsWith("ai."u8)) continue;
            var space = value.Raw.IndexOf((byte)' ');
            var operation = space < 0 ? value.Raw : value.Raw[..space];
            if (operation.EndsWith(".doGenerate"u8) || operation.EndsWith(".doStream"u8)) return SpanKind.Chat;
            if (operation.EndsWith(".doEmbed"u8)) return SpanKind.Embedding;
            return operation.SequenceEqual("ai.toolCall"u8) ? SpanKind.Tool : SpanKind.Chain;
        }

        return null;
    }

    private static SpanKind? OfMemory(SpanFacts facts)
    {
        foreach (var value in facts.All(Operation))
            if (value.IsText && value.Raw.IndexOf("_memory"u8) >= 0) return SpanKind.Other;
        return null;
    }

    // LiteLLM puts its own call types here (acompletion, aembedding, ...).
    private static SpanKind? OfRequestType(SpanFacts facts)
    {
        if (In(facts, RequestType, RequestTypes) is { } known) return known;
        foreach (var value in facts.All(RequestType))
        {
            if (!value.IsText) continue;
            if (value.Raw.IndexOf("embed"u8) >= 0) return SpanKind.Embedding;
            if (value.Raw.IndexOf("rerank"u8) >= 0) return SpanKind.Rerank;
            if (value.Raw.IndexOf("image"u8) >= 0) return SpanKind.Image;
            if (value.Raw.IndexOf("speech"u8) >= 0) return SpanKind.Speech;
            return value.Raw.IndexOf("transcription"u8) >= 0 ? SpanKind.Transcription : SpanKind.Chat;
        }

        return null;
    }

    private static bool TellsOfACall(SpanFacts facts)
    {
        for (var i = 0; i < facts.EventCount; i++)
        {
            var name = facts.EventAt(i).Name;
            if (name.SequenceEqual("gen_ai.content.prompt"u8) || name.SequenceEqual("gen_ai.user.message"u8) || name.SequenceEqual("gen_ai.choice"u8)) return true;
        }

        return false;
    }
}
