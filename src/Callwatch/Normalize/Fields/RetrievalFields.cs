using Callwatch.Normalize.Reading;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>What was looked for and found (genai-attributes, section 4.4).</summary>
internal static class RetrievalFields
{
    public static readonly FieldRules Query =
    [
        Attr("gen_ai.retrieval.query.text"), Attr("gen_ai.retrieval.query"), Attr("retrieval.query"), Attr("reranker.query"), Attr("input.value"),
        Attr("langfuse.observation.input"), Json("gen_ai.prompt", "input"), Json("gen_ai.prompt", "query"), Attr("traceloop.entity.input"),
    ];

    /// <summary>Lists of documents; the indexed ones stand after the first, the others only on retrievals.</summary>
    public static readonly FieldRules DocumentsBefore = [Attr("gen_ai.retrieval.documents")];

    public static readonly FieldRules DocumentsAfter =
    [
        Attr("callwatch.documents"), Attr("retrieval.document"), Attr("langfuse.observation.output"), Json("gen_ai.completion", "outputs"), Json("gen_ai.completion", "documents"),
    ];
}
