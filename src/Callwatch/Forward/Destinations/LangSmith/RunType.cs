using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>The <c>run_type</c> of a span.</summary>
internal static class RunType
{
    /// <summary>
    /// LangSmith counts tokens of <c>llm</c> runs, by its own tokenizer where none are sent: so a call that is counted on another span is none, and
    /// an agent that alone knows its tokens is one. A node that failed before it had any is still what it was to be.
    /// </summary>
    public static string Of(SpanToSend span) => span.Span.Kind switch
    {
        SpanKind.Embedding => "embedding",
        SpanKind.Retrieval or SpanKind.Rerank => "retriever",
        SpanKind.Tool => "tool",
        SpanKind.Prompt => "prompt",
        SpanKind.Node when span.Field("node_type") == "llm" && span.Span.Outcome == Outcome.Error => "llm",
        _ => IsLlm(span.Span) ? "llm" : "chain",
    };

    private static bool IsLlm(Span span) => span.IsCall() ? span.Call!.Cost.Reason != "counted_elsewhere" : RunUsage.IsKnown(span.Call);
}
