using System.Collections.Frozen;

namespace Callwatch.Spans;

/// <summary>What a span is to someone who watches model calls (architecture, section 3.1). The numbers are stored: never reuse one.</summary>
public enum SpanKind : byte
{
    Other = 0,

    // The LLM calls: only these have tokens and cost of their own.
    Chat = 1, Completion = 2, Embedding = 3, Rerank = 4, Image = 5, Speech = 6, Transcription = 7,

    // Around a call.
    Tool = 20, Agent = 21, Chain = 22, Retrieval = 23, Guardrail = 24, Evaluator = 25, Prompt = 26,

    // Business records.
    Message = 40, Workflow = 41, Node = 42, Moderation = 43, SuggestedQuestion = 44, GenerateConversationName = 45, Conversation = 46,

    // Plain telemetry.
    Http = 60, Db = 61, Messaging = 62,
}

/// <summary>The words of <see cref="SpanKind"/> at every edge.</summary>
public static class SpanKinds
{
    private static readonly FrozenDictionary<SpanKind, string> Words = new Dictionary<SpanKind, string>
    {
        [SpanKind.Other] = "other",
        [SpanKind.Chat] = "chat",
        [SpanKind.Completion] = "completion",
        [SpanKind.Embedding] = "embedding",
        [SpanKind.Rerank] = "rerank",
        [SpanKind.Image] = "image",
        [SpanKind.Speech] = "speech",
        [SpanKind.Transcription] = "transcription",
        [SpanKind.Tool] = "tool",
        [SpanKind.Agent] = "agent",
        [SpanKind.Chain] = "chain",
        [SpanKind.Retrieval] = "retrieval",
        [SpanKind.Guardrail] = "guardrail",
        [SpanKind.Evaluator] = "evaluator",
        [SpanKind.Prompt] = "prompt",
        [SpanKind.Message] = "message",
        [SpanKind.Workflow] = "workflow",
        [SpanKind.Node] = "node",
        [SpanKind.Moderation] = "moderation",
        [SpanKind.SuggestedQuestion] = "suggested_question",
        [SpanKind.GenerateConversationName] = "generate_conversation_name",
        [SpanKind.Conversation] = "conversation",
        [SpanKind.Http] = "http",
        [SpanKind.Db] = "db",
        [SpanKind.Messaging] = "messaging",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, SpanKind> Kinds =
        Words.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>True for the kinds that count as LLM calls.</summary>
    public static bool IsCall(this SpanKind kind) => kind is >= SpanKind.Chat and <= SpanKind.Transcription;

    public static string Word(this SpanKind kind) => Words[kind];

    public static bool TryParse(string word, out SpanKind kind) => Kinds.TryGetValue(word, out kind);

    public static IEnumerable<string> AllWords => Words.Values;
}
